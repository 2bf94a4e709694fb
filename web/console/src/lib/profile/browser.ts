/** "Firefox · Windows" out of a user-agent line; the line itself when it is unknown. */
export function browserName(agent: string): string {
	const browser = [
		['Edg/', 'Edge'],
		['OPR/', 'Opera'],
		['Firefox/', 'Firefox'],
		['HeadlessChrome/', 'Chrome'],
		['Chrome/', 'Chrome'],
		['Safari/', 'Safari']
	].find(([sign]) => agent.includes(sign!))?.[1];
	const system = [
		['iPhone', 'iPhone'],
		['iPad', 'iPad'],
		['Android', 'Android'],
		['Windows', 'Windows'],
		['Mac OS X', 'macOS'],
		['Linux', 'Linux']
	].find(([sign]) => agent.includes(sign!))?.[1];
	return [browser, system].filter(Boolean).join(' · ') || agent;
}
