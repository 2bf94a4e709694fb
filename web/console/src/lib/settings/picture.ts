/** Pixels of a side, at most: four times what is shown, for sharp screens and print. */
const SIDE = 512;

/**
 * A picture as the server takes it, from whatever the browser can open: made smaller, turned upright, cut square when asked.
 * Throws a `DOMException` when it is no picture.
 */
export async function smaller(file: File, square: boolean): Promise<Blob> {
	const picture = await decoded(file);
	const [width, height] = [picture.width || SIDE, picture.height || SIDE];
	const short = Math.min(width, height);
	const [from, left, top] = square ? [[short, short], (width - short) / 2, (height - short) / 2] as const : [[width, height], 0, 0] as const;
	const scale = Math.min(1, SIDE / Math.max(...from));
	const canvas = document.createElement('canvas');
	canvas.width = Math.max(1, Math.round(from[0] * scale));
	canvas.height = Math.max(1, Math.round(from[1] * scale));
	canvas.getContext('2d')?.drawImage(picture, left, top, from[0], from[1], 0, 0, canvas.width, canvas.height);
	// PNG keeps a logo's sharp edges and see-through ground; a photograph would be large in it.
	const type = square ? 'image/jpeg' : 'image/png';
	return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new DOMException('empty'))), type, 0.9));
}

/** An image element, not `createImageBitmap`: it opens drawings (SVG) too, and runs nothing that stands in them. */
async function decoded(file: File): Promise<HTMLImageElement> {
	const address = URL.createObjectURL(file);
	try {
		const image = new Image();
		image.src = address;
		await image.decode();
		return image;
	} finally {
		URL.revokeObjectURL(address);
	}
}
