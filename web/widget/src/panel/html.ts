import { h } from './dom';
import { safeUrl } from './types';

/** What a message's HTML may consist of. The server has cleaned it already; this second fence costs little. */
const KEPT = new Set(['A', 'B', 'BLOCKQUOTE', 'BR', 'CODE', 'DEL', 'EM', 'H3', 'H4', 'I', 'LI', 'OL', 'P', 'PRE', 'STRONG', 'UL']);
const DROPPED = new Set(['SCRIPT', 'STYLE', 'TEMPLATE', 'IFRAME', 'OBJECT', 'SVG', 'MATH']);

function copy(from: Node, into: Node, hint: string): void {
	for (const node of from.childNodes) {
		if (node.nodeType === Node.TEXT_NODE) {
			into.appendChild(document.createTextNode(node.textContent ?? ''));
			continue;
		}
		if (!(node instanceof Element) || DROPPED.has(node.tagName.toUpperCase())) continue;
		const element = KEPT.has(node.tagName) ? into.appendChild(document.createElement(node.tagName)) : into;
		if (element instanceof HTMLAnchorElement) link(element, node.getAttribute('href'), hint);
		copy(node, element, hint);
	}
}

function link(element: HTMLAnchorElement, href: string | null, hint: string): void {
	const url = safeUrl(href);
	if (!url) return;
	element.href = url;
	element.target = '_blank';
	element.rel = 'noopener noreferrer nofollow';
	element.title = hint;
}

/** A message's HTML as nodes; `hint` says that links open elsewhere. */
export function fragment(html: string, hint: string): DocumentFragment {
	const made = document.createDocumentFragment();
	copy(new DOMParser().parseFromString(html, 'text/html').body, made, hint);
	return made;
}

export const newTab = (url: string, text: string, hint: string): HTMLAnchorElement =>
	h('a', { href: url, target: '_blank', rel: 'noopener noreferrer' }, text, h('span', { class: 'sr' }, ` (${hint})`));
