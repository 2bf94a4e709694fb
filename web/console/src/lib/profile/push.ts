/** This browser as one that is told while the console is closed. */
const WORKER = '/app/push.js';
/** Which of the person's browsers this one is. */
const REMEMBERED = 'ennakoi.push';
/** Signing out does not wait longer for a push service. */
const PATIENCE_MS = 2_000;

export const canPush = (): boolean => 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window;

function bytes(text: string): Uint8Array<ArrayBuffer> {
	const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
	return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function text(key: ArrayBuffer | null): string {
	const letters = [...new Uint8Array(key ?? new ArrayBuffer(0))].map((byte) => String.fromCharCode(byte)).join('');
	return btoa(letters).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Asks the browser for an address; null when the person or the browser refuses. `key` is the installation's public key. */
export async function subscribe(key: string): Promise<{ endpoint: string; p256dh: string; auth: string } | null> {
	if (!canPush() || (await Notification.requestPermission()) !== 'granted') return null;
	const registration = await navigator.serviceWorker.register(WORKER, { scope: '/app/' });
	await navigator.serviceWorker.ready;
	const known = await registration.pushManager.getSubscription();
	// One under another key (the installation's secret was replaced) hears nothing any more.
	if (known && text(known.options.applicationServerKey) !== key) await known.unsubscribe();
	const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
	return { endpoint: subscription.endpoint, p256dh: text(subscription.getKey('p256dh')), auth: text(subscription.getKey('auth')) };
}

export const remember = (id: string): void => localStorage.setItem(REMEMBERED, id);

/** This browser hears nothing any more. Best effort: what cannot be reached now is forgotten when the push service says that it is gone. */
export async function leave(remove: (id: string) => Promise<unknown>): Promise<void> {
	if (!canPush()) return;
	const id = localStorage.getItem(REMEMBERED);
	localStorage.removeItem(REMEMBERED);
	const gone = async () => {
		const registration = await navigator.serviceWorker.getRegistration('/app/');
		await (await registration?.pushManager.getSubscription())?.unsubscribe();
	};
	const work = Promise.allSettled([gone(), id ? remove(id) : null]);
	await Promise.race([work, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
}
