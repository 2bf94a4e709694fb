/** This browser as one that is told while the console is closed. */
const WORKER = '/app/push.js';

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
