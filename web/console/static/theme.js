// Runs before the first paint, so that a dark desk never flashes white. The console owns these keys.
(function () {
	var root = document.documentElement;
	try {
		var theme = localStorage.getItem('ennakoi.theme') || 'system';
		var density = localStorage.getItem('ennakoi.density') || 'dense';
		var dark = theme === 'dark' || (theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
		root.dataset.theme = dark ? 'dark' : 'light';
		root.dataset.density = density;
	} catch (error) {
		root.dataset.theme = 'light';
	}
})();
