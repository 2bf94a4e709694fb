/** What the client needs to know before any store exists. */
export const context: { workspace: string | null; signedOut: () => void } = {
	workspace: null,
	signedOut: () => undefined
};
