// Everything works without this script. With it: suggestions while typing, "/" for the search, and a person on this page.
(() => {
	'use strict';
	const field = document.getElementById('q');
	const form = field && field.form;

	addEventListener('keydown', (event) => {
		const target = event.target;
		const writing = target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
		if (event.key === '/' && field && !writing && !event.ctrlKey && !event.metaKey && !event.altKey) {
			event.preventDefault();
			field.focus();
		}
	});

	for (const link of document.querySelectorAll('[data-person]')) {
		link.addEventListener('click', (event) => {
			// The chat's own script may be blocked or not have come: then the link leads to the chat's page.
			if (!window.Ennakoi || !window.Ennakoi.version) return;
			event.preventDefault();
			window.Ennakoi('open');
		});
	}

	if (!form || !window.fetch || !window.AbortController) return;
	const list = document.createElement('div');
	list.className = 'suggest';
	list.id = 'suggestions';
	list.hidden = true;
	list.setAttribute('role', 'listbox');
	list.setAttribute('aria-label', field.dataset.suggestions);
	const status = document.createElement('div');
	status.className = 'unseen';
	status.setAttribute('role', 'status');
	form.append(list, status);
	field.setAttribute('role', 'combobox');
	field.setAttribute('aria-autocomplete', 'list');
	field.setAttribute('aria-expanded', 'false');
	field.setAttribute('aria-controls', list.id);

	let items = [];
	let chosen = -1;
	let waiting = 0;
	let asked = '';
	let request = null;

	function show(open) {
		list.hidden = !open;
		field.setAttribute('aria-expanded', String(open));
		if (!open) choose(-1);
	}
	function choose(index) {
		chosen = index;
		for (const [at, option] of Array.from(list.children).entries()) {
			option.setAttribute('aria-selected', String(at === index));
			if (at === index) option.scrollIntoView({ block: 'nearest' });
		}
		if (index < 0) field.removeAttribute('aria-activedescendant');
		else field.setAttribute('aria-activedescendant', `suggestion-${index}`);
	}
	function go(index) {
		location.assign(items[index].url);
	}
	function fill(found) {
		items = found.items;
		list.replaceChildren(
			...items.map((item, at) => {
				const option = document.createElement('div');
				option.id = `suggestion-${at}`;
				option.setAttribute('role', 'option');
				const title = document.createElement('strong');
				title.textContent = item.title;
				const excerpt = document.createElement('span');
				excerpt.textContent = item.excerpt;
				option.append(title, excerpt);
				// Before the field loses the focus and the list closes.
				option.addEventListener('mousedown', (event) => event.preventDefault());
				option.addEventListener('click', () => go(at));
				return option;
			}),
		);
		status.textContent = found.status;
		show(items.length > 0);
	}
	async function ask() {
		const text = field.value.trim();
		if (text === asked) return;
		asked = text;
		if (request) request.abort();
		if (text.length < 2) {
			status.textContent = '';
			return show(false);
		}
		const mine = (request = new AbortController());
		try {
			const response = await fetch(`${form.dataset.suggest}?q=${encodeURIComponent(text)}`, { signal: mine.signal, credentials: 'omit' });
			if (response.ok) {
				const found = await response.json();
				if (mine === request && document.activeElement === field) fill(found);
			}
		} catch {
			// Offline or outrun by a newer question: Enter still searches.
		}
	}
	field.addEventListener('input', () => {
		clearTimeout(waiting);
		waiting = setTimeout(ask, 120);
	});
	field.addEventListener('blur', () => show(false));
	field.addEventListener('focus', () => {
		if (items.length && field.value.trim() === asked) show(true);
	});
	field.addEventListener('keydown', (event) => {
		if (event.isComposing) return;
		const open = !list.hidden;
		if (event.key === 'Escape' && open) {
			event.preventDefault();
			show(false);
		} else if ((event.key === 'ArrowDown' || event.key === 'ArrowUp') && items.length) {
			event.preventDefault();
			if (!open) show(true);
			const step = event.key === 'ArrowDown' ? 1 : -1;
			choose(((chosen + step + 1 + items.length + 1) % (items.length + 1)) - 1);
		} else if (event.key === 'Enter' && open && chosen >= 0) {
			event.preventDefault();
			go(chosen);
		}
	});
})();
