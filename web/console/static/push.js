// Shows what the server pushes, and opens the case that it is about. It keeps and fetches nothing.
self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

const told = (event) => {
	try {
		return event.data.json();
	} catch {
		return {};
	}
};
// Only into the console, whatever a message says.
const inside = (path) => (typeof path === 'string' && path.startsWith('/app/') ? path : '/app/');

self.addEventListener('push', (event) => {
	const { title, body, path, tag } = told(event);
	event.waitUntil(
		self.registration.showNotification(String(title || 'Ennakoi'), { body: String(body || ''), tag: String(tag || ''), icon: '/app/icon.svg', data: { path: inside(path) } })
	);
});

self.addEventListener('notificationclick', (event) => {
	event.notification.close();
	const url = new URL(inside(event.notification.data && event.notification.data.path), self.location.origin).href;
	event.waitUntil(
		self.clients.matchAll({ type: 'window', includeUncontrolled: true }).then(async (windows) => {
			const open = windows.find((one) => new URL(one.url).pathname.startsWith('/app/'));
			if (!open) return self.clients.openWindow(url);
			await open.focus();
			return open.navigate ? open.navigate(url).catch(() => self.clients.openWindow(url)) : self.clients.openWindow(url);
		})
	);
});
