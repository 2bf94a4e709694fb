// What axe finds on a page or in a frame.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const source = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const LOOKS = 3;

/** What is still fading in or out has no colour of its own yet: everything that ends is let end, unless it stands still. */
const settled = (page) =>
	page.evaluate(async () => {
		const ends = (animation) => animation.playState === 'running' && Number.isFinite(animation.effect?.getComputedTiming().endTime);
		const ended = Promise.all(document.getAnimations().filter(ends).map((animation) => animation.finished.catch(() => {})));
		await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 3_000))]);
	});

/**
 * The violations. The page's own policy must not stop axe, so its source is evaluated by the browser's driver. A contrast that is found
 * wanting is looked at again: a notice may have begun to fade while axe looked.
 */
export async function violations(page, options) {
	await page.evaluate(source);
	for (let looks = 1; ; looks++) {
		await settled(page);
		const found = (await page.evaluate((options) => window.axe.run(document, { resultTypes: ['violations'], ...options }), options)).violations;
		if (looks === LOOKS || found.every((one) => one.id !== 'color-contrast')) return found;
	}
}
