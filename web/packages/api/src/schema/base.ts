/**
 * What the API sends and takes, as `docs/api` and `/api/openapi.json` describe it.
 * Times are whole microseconds since 1970 (UTC); ids are UUID strings; nullable fields are present with null.
 */
export type Time = number;
export type Id = string;
export type Locale = 'fi' | 'sv' | 'en';
export const LOCALES: readonly Locale[] = ['fi', 'sv', 'en'];
export type PerLocale<T = string> = Partial<Record<Locale, T>>;

export type Page<T> = { items: T[]; next_cursor: string | null };
