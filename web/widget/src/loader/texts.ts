import {
	launcher_close as fiClose, launcher_dismiss as fiDismiss, launcher_new as fiNew, launcher_open as fiOpen, launcher_title as fiTitle,
	launcher_unavailable as fiUnavailable, launcher_unread as fiUnread
} from '../../../../i18n/fi/widget.json';
import {
	launcher_close as svClose, launcher_dismiss as svDismiss, launcher_new as svNew, launcher_open as svOpen, launcher_title as svTitle,
	launcher_unavailable as svUnavailable, launcher_unread as svUnread
} from '../../../../i18n/sv/widget.json';
import {
	launcher_close as enClose, launcher_dismiss as enDismiss, launcher_new as enNew, launcher_open as enOpen, launcher_title as enTitle,
	launcher_unavailable as enUnavailable, launcher_unread as enUnread
} from '../../../../i18n/en/widget.json';
import type { Locale } from '../shared/locale';

export interface Texts {
	open: string;
	/** With the number of messages as `{count}`. */
	unread: string;
	close: string;
	title: string;
	fresh: string;
	dismiss: string;
	unavailable: string;
}

/** The loader's few words, taken from the same files as the panel's. */
export const TEXTS: Record<Locale, Texts> = {
	fi: { open: fiOpen, unread: fiUnread, close: fiClose, title: fiTitle, fresh: fiNew, dismiss: fiDismiss, unavailable: fiUnavailable },
	sv: { open: svOpen, unread: svUnread, close: svClose, title: svTitle, fresh: svNew, dismiss: svDismiss, unavailable: svUnavailable },
	en: { open: enOpen, unread: enUnread, close: enClose, title: enTitle, fresh: enNew, dismiss: enDismiss, unavailable: enUnavailable }
};
