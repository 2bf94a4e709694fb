/** Passkeys: the browser's call, with the server's base64url texts turned into bytes and back. */
type Json = Record<string, unknown>;

const toBytes = (text: string): ArrayBuffer => {
	const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
	return Uint8Array.from(binary, (letter) => letter.charCodeAt(0)).buffer;
};
const toText = (bytes: ArrayBuffer): string => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

const withBytes = (list: unknown): PublicKeyCredentialDescriptor[] =>
	((list as (Json & { id: string })[] | undefined) ?? []).map((one) => ({ ...one, id: toBytes(one.id) }) as unknown as PublicKeyCredentialDescriptor);
/** Servers send the options bare or under `publicKey`. */
const bare = (options: unknown): Json => ((options as Json).publicKey ?? options) as Json;

/** Passkeys belong to a host name: at an address of numbers, or without encryption, no browser makes one. */
export const passkeysWork = (): boolean => typeof window !== 'undefined' && isSecureContext && 'PublicKeyCredential' in window && !/^(\[.*\]|[\d.]+)$/.test(location.hostname);

export async function createPasskey(options: unknown): Promise<Json> {
	const given = bare(options);
	const user = given.user as Json & { id: string };
	const publicKey = {
		...given,
		challenge: toBytes(given.challenge as string),
		user: { ...user, id: toBytes(user.id) },
		excludeCredentials: withBytes(given.excludeCredentials)
	} as unknown as PublicKeyCredentialCreationOptions;
	const credential = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential;
	const response = credential.response as AuthenticatorAttestationResponse;
	return {
		id: credential.id,
		rawId: toText(credential.rawId),
		type: credential.type,
		extensions: credential.getClientExtensionResults(),
		response: {
			attestationObject: toText(response.attestationObject),
			clientDataJSON: toText(response.clientDataJSON),
			transports: response.getTransports?.() ?? []
		}
	};
}

export async function usePasskey(options: unknown): Promise<Json> {
	const given = bare(options);
	const publicKey = {
		...given,
		challenge: toBytes(given.challenge as string),
		allowCredentials: withBytes(given.allowCredentials)
	} as unknown as PublicKeyCredentialRequestOptions;
	const credential = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
	const response = credential.response as AuthenticatorAssertionResponse;
	return {
		id: credential.id,
		rawId: toText(credential.rawId),
		type: credential.type,
		extensions: credential.getClientExtensionResults(),
		response: {
			authenticatorData: toText(response.authenticatorData),
			clientDataJSON: toText(response.clientDataJSON),
			signature: toText(response.signature),
			userHandle: response.userHandle ? toText(response.userHandle) : null
		}
	};
}
