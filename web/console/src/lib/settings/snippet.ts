/** The one line a company puts on its site. */
export function widgetSnippet(origin: string, publicKey: string): string {
	return `<script async src="${origin}/w/v1/ennakoi.js" data-key="${publicKey}"></script>`;
}
