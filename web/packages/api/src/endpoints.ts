import { queryString, type Client, type Options } from './client';
import type * as S from './schema';

export type ImportQuery = { dry_run?: boolean; publish?: boolean; locale?: S.Locale; category?: S.Id };

const fileForm = (file: Blob, name: string): FormData => {
	const form = new FormData();
	form.append('file', file, name);
	return form;
};

/** Every call the console makes, by resource. One line each: the path, what it takes, what it returns. */
export function endpoints(c: Client) {
	type P<T> = Promise<T>;
	return {
		session: {
			current: () => c.get<S.Session>('/session'),
			create: (body: { email: string; password: string; code?: string }) => c.post<S.Session>('/session', body),
			end: () => c.delete('/session'),
			list: () => c.get<S.Page<S.SessionRow>>('/sessions', { limit: 100 }),
			endOne: (id: S.Id) => c.delete(`/sessions/${id}`),
			endOthers: () => c.delete('/sessions'),
			passkeyChallenge: () => c.post<unknown>('/session/passkey/challenge'),
			passkey: (credential: unknown) => c.post<S.Session>('/session/passkey', { credential }),
			providers: () => c.get<S.OidcProvider[]>('/session/oidc'),
			requestReset: (email: string) => c.post<void>('/password-resets', { email }),
			reset: (token: string, password: string) => c.put<void>(`/password-resets/${token}`, { password })
		},
		oidcProviders: {
			list: () => c.get<S.Page<S.OidcProviderSettings>>('/oidc-providers'),
			create: (body: S.NewOidcProvider) => c.post<S.OidcProviderSettings>('/oidc-providers', body),
			remove: (id: S.Id) => c.delete(`/oidc-providers/${id}`)
		},
		profile: {
			update: (body: { name?: string; locale?: S.Locale; preferences?: Record<string, unknown> }) => c.patch<S.Staff>('/profile', body),
			password: (body: { current: string; new: string }) => c.put<void>('/profile/password', body),
			totpStart: () => c.post<S.TotpStart>('/profile/totp'),
			totpConfirm: (code: string) => c.put<{ recovery_codes: string[] }>('/profile/totp', { code }),
			totpRemove: (password: string) => c.delete('/profile/totp', { password }),
			passkeys: () => c.get<S.Passkey[] | S.Page<S.Passkey>>('/profile/passkeys'),
			passkeyChallenge: () => c.post<unknown>('/profile/passkeys/challenge'),
			passkeyAdd: (name: string, credential: unknown) => c.post<S.Passkey>('/profile/passkeys', { name, credential }),
			passkeyRemove: (id: S.Id) => c.delete(`/profile/passkeys/${id}`),
			setAvatar: (picture: Blob) => c.replace<S.Staff>('/profile/avatar', fileForm(picture, 'avatar')),
			removeAvatar: () => c.delete('/profile/avatar')
		},
		workspace: {
			get: () => c.get<S.Workspace>('/workspace'),
			update: (body: S.WorkspacePatch) => c.patch<S.Workspace>('/workspace', body),
			create: (body: { name: string; slug?: string; languages?: S.Locale[] }) => c.post<S.Membership>('/workspaces', body),
			setLogo: (picture: Blob) => c.replace<S.Workspace>('/workspace/logo', fileForm(picture, 'logo')),
			removeLogo: () => c.delete<S.Workspace>('/workspace/logo')
		},
		invitations: {
			list: () => c.get<S.Page<S.Invitation>>('/invitations', { limit: 100 }),
			create: (body: { email: string; role: S.Role }) => c.post<S.Invitation>('/invitations', body),
			remove: (id: S.Id) => c.delete(`/invitations/${id}`),
			byToken: (token: string) => c.get<S.InvitationByToken>(`/invitations/by-token/${token}`),
			accept: (token: string, body: { name?: string; password: string; locale?: S.Locale; code?: string }) =>
				c.post<S.Session>(`/invitations/by-token/${token}/acceptance`, body)
		},
		staff: {
			list: () => c.get<S.Page<S.Member>>('/staff', { limit: 200 }),
			update: (id: S.Id, body: Partial<Pick<S.Member, 'role' | 'capacity' | 'skills' | 'languages'>>) =>
				c.patch<S.Member>(`/staff/${id}`, body),
			remove: (id: S.Id) => c.delete(`/staff/${id}`),
			resetLink: (id: S.Id) => c.post<{ link: string; expires_at: S.Time }>(`/staff/${id}/password-reset`),
			availability: (availability: S.Availability) => c.put<void>('/availability', { availability })
		},
		apiKeys: {
			list: () => c.get<S.Page<S.ApiKey>>('/api-keys', { limit: 100 }),
			create: (body: { name: string; scopes: S.Permission[]; expires_at?: S.Time }) => c.post<S.ApiKey>('/api-keys', body),
			remove: (id: S.Id) => c.delete(`/api-keys/${id}`)
		},
		audit: (cursor?: string) => c.get<S.Page<S.AuditEntry>>('/audit', { limit: 50, cursor }),
		contacts: {
			list: (query: { q?: string; sort?: string; company?: S.Id; limit?: number; cursor?: string }) =>
				c.get<S.Page<S.ContactRow>>('/contacts', query),
			get: (id: S.Id) => c.get<S.Contact>(`/contacts/${id}`),
			create: (body: { name?: string; email?: string; phone?: string; locale?: S.Locale }) => c.post<S.Contact>('/contacts', body),
			update: (id: S.Id, body: Record<string, unknown>) => c.patch<S.Contact>(`/contacts/${id}`, body),
			addIdentity: (id: S.Id, body: { kind: S.IdentityKind; value: string }) => c.post<S.Identity>(`/contacts/${id}/identities`, body),
			removeIdentity: (id: S.Id, identity: S.Id) => c.delete(`/contacts/${id}/identities/${identity}`),
			merge: (id: S.Id, loser: S.Id) => c.post<{ id: S.Id }>(`/contacts/${id}/merges`, { loser }),
			unmerge: (id: S.Id, merge: S.Id) => c.delete(`/contacts/${id}/merges/${merge}`),
			duplicates: (id: S.Id) => c.get<S.Page<S.Duplicate>>(`/contacts/${id}/duplicates`),
			timeline: (id: S.Id, cursor?: string) => c.get<S.Page<S.TimelineEntry>>(`/contacts/${id}/timeline`, { limit: 50, cursor }),
			pages: (id: S.Id) => c.get<S.Page<S.PageView>>(`/contacts/${id}/pages`, { limit: 20 }),
			commerce: (id: S.Id) => c.get<S.Commerce>(`/contacts/${id}/commerce`)
		},
		companies: {
			list: (query: { q?: string; limit?: number; cursor?: string }) => c.get<S.Page<S.Company>>('/companies', query),
			get: (id: S.Id) => c.get<S.Company>(`/companies/${id}`),
			create: (body: { name: string; domain?: string | null; business_id?: string | null }) => c.post<S.Company>('/companies', body),
			update: (id: S.Id, body: Partial<Omit<S.Company, 'id'>>) => c.patch<S.Company>(`/companies/${id}`, body)
		},
		attributes: {
			list: (subject: string) => c.get<S.AttributeDefinition[] | S.Page<S.AttributeDefinition>>('/attributes', { subject }),
			create: (body: { subject: string; key: string; label: string; type: S.AttributeType; options?: string[] }) =>
				c.post<S.AttributeDefinition>('/attributes', body),
			remove: (subject: string, key: string) => c.delete(`/attributes/${subject}/${encodeURIComponent(key)}`)
		},
		conversations: {
			list: (query: S.ConversationQuery, options?: Options) => c.get<S.Page<S.ConversationRow>>('/conversations', query, options),
			counts: () => c.get<S.Counts>('/conversations/counts'),
			get: (id: S.Id, options?: Options) => c.get<S.Conversation>(`/conversations/${id}`, undefined, options),
			create: (body: { channel_id?: S.Id; contact_id: S.Id; subject?: string; body: string; visibility: S.Visibility }) =>
				c.post<S.Conversation>('/conversations', body),
			update: (id: S.Id, body: { subject?: string | null; priority?: S.Priority }) => c.patch<S.ConversationRow>(`/conversations/${id}`, body),
			messages: (id: S.Id, query: { before_seq?: number; after_seq?: number; limit?: number }, options?: Options) =>
				c.get<S.MessagePage>(`/conversations/${id}/messages`, query, options),
			send: (id: S.Id, body: S.NewMessage, options?: Options) => c.post<S.Message>(`/conversations/${id}/messages`, body, options),
			scheduled: async (id: S.Id) => items(await c.get<S.Page<S.ScheduledAnswer>>(`/conversations/${id}/scheduled-answers`)),
			schedule: (id: S.Id, body: S.NewScheduledAnswer) => c.post<S.ScheduledAnswer>(`/conversations/${id}/scheduled-answers`, body),
			reschedule: (id: S.Id, answer: S.Id, body: { body?: string; send_at?: S.Time; version?: number }) =>
				c.patch<S.ScheduledAnswer>(`/conversations/${id}/scheduled-answers/${answer}`, body),
			withdraw: (id: S.Id, answer: S.Id) => c.delete(`/conversations/${id}/scheduled-answers/${answer}`),
			sendScheduled: (id: S.Id, answer: S.Id) => c.post<S.Message>(`/conversations/${id}/scheduled-answers/${answer}/sending`),
			sendTimes: async (id: S.Id) => items(await c.get<S.Page<S.SendTime>>(`/conversations/${id}/send-times`)),
			removeMessage: (id: S.Id, message: S.Id) => c.delete<S.Message>(`/conversations/${id}/messages/${message}`),
			assign: (id: S.Id, body: { agent_id: S.Id | null; queue_id?: S.Id }) => c.put<unknown>(`/conversations/${id}/assignment`, body),
			claim: (id: S.Id) => c.post<unknown>(`/conversations/${id}/claim`),
			close: (id: S.Id) => c.put<unknown>(`/conversations/${id}/closure`),
			reopen: (id: S.Id) => c.delete<unknown>(`/conversations/${id}/closure`),
			snooze: (id: S.Id, until: S.Time | null) => c.put<unknown>(`/conversations/${id}/snooze`, { until }),
			wake: (id: S.Id) => c.delete<unknown>(`/conversations/${id}/snooze`),
			label: (id: S.Id, label: S.Id) => c.put<unknown>(`/conversations/${id}/labels/${label}`),
			unlabel: (id: S.Id, label: S.Id) => c.delete<unknown>(`/conversations/${id}/labels/${label}`),
			seen: (id: S.Id, seq: number) => c.put<unknown>(`/conversations/${id}/seen`, { seq }),
			saveDraft: (id: S.Id, body: { mode: 'reply' | 'note'; body: string; attachment_ids: S.Id[] }, options?: Options) =>
				c.put<unknown>(`/conversations/${id}/draft`, body, options),
			removeDraft: (id: S.Id, mode: 'reply' | 'note') => c.delete(`/conversations/${id}/draft?mode=${mode}`),
			bulk: (ids: S.Id[], action: S.BulkAction) => c.post<S.BulkResult>('/conversations/bulk', { ids, action }),
			undoBulk: (undo_token: string) => c.post<unknown>('/conversations/bulk/undo', { undo_token }),
			clocks: async (id: S.Id) => items(await c.get<S.Page<S.ServiceClock>>(`/conversations/${id}/clocks`)),
			events: (id: S.Id) => c.get<S.Page<S.ConversationEvent>>(`/conversations/${id}/events`, { limit: 50 }),
			cases: (id: S.Id) => c.get<S.Page<S.Case>>(`/conversations/${id}/cases`),
			merge: (id: S.Id, conversation_id: S.Id) => c.post<S.LinkedCase>(`/conversations/${id}/merges`, { conversation_id }),
			undoMerge: (id: S.Id, link: S.Id) => c.delete(`/conversations/${id}/merges/${link}`),
			split: (id: S.Id, body: { message_ids: S.Id[]; subject?: string }) => c.post<S.LinkedCase>(`/conversations/${id}/splits`, body),
			undoSplit: (id: S.Id, link: S.Id) => c.delete(`/conversations/${id}/splits/${link}`),
			relate: (id: S.Id, conversation_id: S.Id) => c.post<S.LinkedCase>(`/conversations/${id}/relations`, { conversation_id }),
			unrelate: (id: S.Id, link: S.Id) => c.delete(`/conversations/${id}/relations/${link}`),
			botTurns: (id: S.Id) => c.get<S.BotTurn[] | S.Page<S.BotTurn>>(`/conversations/${id}/bot-turns`)
		},
		attachments: {
			create: (file: File): P<S.Attachment> => {
				const form = new FormData();
				form.append('file', file, file.name);
				return c.upload('/attachments', form);
			}
		},
		search: (query: { q: string; kind?: string; limit?: number; cursor?: string }, options?: Options) =>
			c.get<S.SearchResult>('/search', query, options),
		labels: resource<S.Label>(c, '/labels'),
		cannedAnswers: resource<S.CannedAnswer>(c, '/canned-answers'),
		views: resource<S.View>(c, '/views'),
		queues: resource<S.Queue>(c, '/queues'),
		calendars: {
			...resource<S.Calendar>(c, '/calendars'),
			open: (id: S.Id) => c.get<S.OpenState>(`/calendars/${id}/open`)
		},
		slaPolicies: {
			...resource<S.ServicePolicy>(c, '/sla-policies'),
			order: (ids: S.Id[]) => c.put<S.Page<S.ServicePolicy>>('/sla-policy-order', { ids }),
			versions: async (id: S.Id) => items(await c.get<S.Page<S.ServiceVersion>>(`/sla-policies/${id}/versions`))
		},
		rules: {
			...resource<S.DeskRule>(c, '/rules'),
			order: (ids: S.Id[]) => c.put<S.Page<S.DeskRule>>('/rule-order', { ids }),
			try: (days: number, rule: S.RuleDefinition) => c.post<S.RuleTrial>('/rule-trials', { days, rule }),
			runs: async (id: S.Id) => items(await c.get<S.Page<S.RuleRun>>(`/rules/${id}/runs`))
		},
		macros: {
			...resource<S.Macro>(c, '/macros'),
			preview: (id: S.Id, conversation: S.Id) => c.get<S.MacroPreview>(`/macros/${id}/preview`, { conversation }),
			run: (id: S.Id, ids: readonly S.Id[]) => c.post<S.BulkResult>(`/macros/${id}/runs`, { ids })
		},
		reports: {
			summary: (query: S.ReportQuery) => c.get<S.ReportSummary>('/reports/summary', query),
			groups: async (query: S.ReportQuery) => items(await c.get<S.Page<S.ReportGroup>>('/reports/groups', query)),
			cases: (query: S.ReportQuery) => c.get<S.Page<S.ReportCase>>('/reports/cases', query),
			levels: async (query: S.ServiceQuery) => items(await c.get<S.Page<S.ServiceLevel>>('/reports/service-levels', query)),
			levelCases: (query: S.ServiceQuery) => c.get<S.Page<S.ServiceCase>>('/reports/service-cases', query)
		},
		promises: {
			list: async (conversation: S.Id) => items(await c.get<S.Page<S.ServicePromise>>(`/conversations/${conversation}/promises`)),
			proposed: async (conversation: S.Id, message: S.Id) => items(await c.get<S.Page<S.PromiseProposal>>(`/conversations/${conversation}/messages/${message}/promises`)),
			make: (conversation: S.Id, body: string, due_at: S.Time) => c.post<S.ServicePromise>(`/conversations/${conversation}/promises`, { body, due_at }),
			close: (id: S.Id, state: 'kept' | 'withdrawn') => c.put<S.ServicePromise>(`/promises/${id}/closure`, { state })
		},
		authority: {
			read: () => c.get<S.Authority>('/authority'),
			budgets: async () => items(await c.get<S.Page<S.AuthorityBudget>>('/authority-budgets')),
			set: (budget: S.NewBudget) => c.put<S.AuthorityBudget>('/authority-budgets', budget),
			remove: (staff: S.Id | null, currency: string) => c.delete(`/authority-budgets${queryString({ staff, currency })}`)
		},
		quality: {
			counts: () => c.get<S.QualityCounts>('/quality'),
			sheets: async () => items(await c.get<S.Page<S.QualitySheet>>('/quality-sheets')),
			templates: async () => items(await c.get<S.Page<S.SheetTemplate>>('/quality-sheet-templates')),
			createSheet: (sheet: { name: string; sections: S.SheetSection[] }) => c.post<S.QualitySheet>('/quality-sheets', sheet),
			saveSheet: (id: S.Id, sheet: { version: number; name: string; sections: S.SheetSection[] }) => c.put<S.QualitySheet>(`/quality-sheets/${id}`, sheet),
			archiveSheet: (id: S.Id) => c.delete(`/quality-sheets/${id}`),
			sampling: async () => (await c.get<{ rule: S.QualitySampling | null }>('/quality-sampling')).rule,
			setSampling: (rule: S.QualitySampling) => c.put<{ rule: S.QualitySampling }>('/quality-sampling', rule),
			cases: (query: { limit?: number; cursor?: string }) => c.get<S.Page<S.QualityCase>>('/quality-cases', query),
			skip: (id: S.Id) => c.put(`/quality-cases/${id}/skip`),
			putBack: (id: S.Id) => c.delete(`/quality-cases/${id}/skip`)
		},
		notices: {
			list: (query: { limit?: number; cursor?: string }) => c.get<S.Page<S.Notice>>('/notices', query),
			counts: () => c.get<{ unread: number }>('/notices/counts'),
			read: (id: S.Id) => c.put<void>(`/notices/${id}/read`),
			readAll: () => c.put<void>('/notices/read'),
			settings: () => c.get<S.NoticeChoices>('/notice-settings'),
			setSettings: (settings: S.NoticeSettings) => c.put<S.NoticeChoices>('/notice-settings', settings),
			policy: () => c.get<S.NoticePolicy>('/notice-policy'),
			setPolicy: (policy: S.NoticePolicy) => c.put<S.NoticePolicy>('/notice-policy', policy)
		},
		noticeHooks: {
			list: async (own: boolean) => items(await c.get<S.Page<S.NoticeHook>>(own ? '/notice-hooks' : '/workspace-notice-hooks')),
			create: (own: boolean, hook: S.NewNoticeHook) => c.post<S.NoticeHook>(own ? '/notice-hooks' : '/workspace-notice-hooks', hook),
			remove: (own: boolean, id: S.Id) => c.delete(own ? `/notice-hooks/${id}` : `/workspace-notice-hooks/${id}`),
			test: (own: boolean, id: S.Id) => c.post<void>(own ? `/notice-hooks/${id}/test` : `/workspace-notice-hooks/${id}/test`)
		},
		pushBrowsers: {
			list: () => c.get<{ public_key: string; items: S.PushBrowser[] }>('/push-subscriptions'),
			add: (browser: S.NewPushBrowser) => c.post<S.PushBrowser>('/push-subscriptions', browser),
			remove: (id: S.Id) => c.delete(`/push-subscriptions/${id}`),
			test: (id: S.Id) => c.post<void>(`/push-subscriptions/${id}/test`)
		},
		reviews: {
			begin: (conversation: S.Id, body: { agent_id?: S.Id; sheet_id?: S.Id }) => c.post<S.Review>(`/conversations/${conversation}/reviews`, body),
			list: (query: { state?: S.Review['state']; agent?: S.Id; disputed?: boolean; limit?: number; cursor?: string }) => c.get<S.Page<S.ReviewRow>>('/reviews', query),
			get: (id: S.Id) => c.get<S.ReviewDetail>(`/reviews/${id}`),
			save: (id: S.Id, body: { version: number; marks: S.Marks; comments: S.ReviewComment[]; summary: string }) => c.put<S.Review>(`/reviews/${id}`, body),
			publish: (id: S.Id) => c.put<S.Review>(`/reviews/${id}/publication`),
			discard: (id: S.Id) => c.delete(`/reviews/${id}`),
			resolve: (id: S.Id, body: { resolution: 'stands' | 'corrected'; note: string; marks?: S.Marks }) => c.put<S.Review>(`/reviews/${id}/resolution`, body),
			own: (query: { limit?: number; cursor?: string }) => c.get<S.Page<S.ReviewRow>>('/own-reviews', query),
			getOwn: (id: S.Id) => c.get<S.ReviewDetail>(`/own-reviews/${id}`),
			answer: (id: S.Id, answer: 'acknowledged' | 'disputed', reason: string) => c.put<S.Review>(`/own-reviews/${id}/answer`, { answer, reason })
		},
		coaching: {
			list: (query: { agent: S.Id; limit?: number; cursor?: string }) => c.get<S.Page<S.CoachingNote>>('/coaching-notes', query),
			write: (note: { agent_id: S.Id; conversation_id?: S.Id; body: string }) => c.post<S.CoachingNote>('/coaching-notes', note),
			remove: (id: S.Id) => c.delete(`/coaching-notes/${id}`),
			own: (query: { limit?: number; cursor?: string }) => c.get<S.Page<S.CoachingNote>>('/own-coaching-notes', query),
			seen: (id: S.Id) => c.put<S.CoachingNote>(`/own-coaching-notes/${id}/seen`)
		},
		training: {
			begin: async () => (await c.post<{ exercise: S.TrainingExercise | null }>('/training-exercises', {})).exercise,
			list: (query: { limit?: number; cursor?: string }) => c.get<S.Page<S.TrainingExerciseRow>>('/training-exercises', query),
			get: (id: S.Id) => c.get<S.TrainingExercise>(`/training-exercises/${id}`),
			answer: (id: S.Id, turn: number, answer: string) => c.post<S.TrainingExercise>(`/training-exercises/${id}/answers`, { turn, answer }),
			end: (id: S.Id) => c.put<S.TrainingExercise>(`/training-exercises/${id}/end`),
			score: (id: S.Id, score: S.NewPracticeScore) => c.put<S.TrainingExercise>(`/training-exercises/${id}/score`, score),
			share: (id: S.Id, shared: boolean) => (shared ? c.put<S.TrainingExercise>(`/training-exercises/${id}/sharing`) : c.delete<S.TrainingExercise>(`/training-exercises/${id}/sharing`)),
			forget: (id: S.Id) => c.delete(`/training-exercises/${id}`),
			progress: async () => items(await c.get<S.Page<S.Practised>>('/training-progress')),
			shared: (query: { limit?: number; cursor?: string }) => c.get<S.Page<S.TrainingExerciseRow>>('/shared-exercises', query),
			getShared: (id: S.Id) => c.get<S.TrainingExercise>(`/shared-exercises/${id}`),
			review: (id: S.Id, score: S.NewPracticeScore) => c.put<S.TrainingExercise>(`/shared-exercises/${id}/score`, score),
			isExample: async (conversation: S.Id) => (await c.get<{ marked: boolean }>(`/conversations/${conversation}/training-example`)).marked,
			mark: (conversation: S.Id, marked: boolean) => (marked ? c.put(`/conversations/${conversation}/training-example`) : c.delete(`/conversations/${conversation}/training-example`))
		},
		grants: {
			ofConversation: async (id: S.Id) => items(await c.get<S.Page<S.Grant>>(`/conversations/${id}/grants`)),
			ofContact: async (id: S.Id) => items(await c.get<S.Page<S.Grant>>(`/contacts/${id}/grants`)),
			give: (conversation: S.Id, grant: S.NewGrant) => c.post<S.Grant>(`/conversations/${conversation}/grants`, grant),
			list: (query: { state?: S.GrantState; limit?: number; cursor?: string }) => c.get<S.Page<S.GrantRow>>('/grants', query),
			decide: (id: S.Id, state: 'given' | 'declined', note: string) => c.put<S.Grant>(`/grants/${id}/decision`, { state, note }),
			withdraw: (id: S.Id) => c.put<S.Grant>(`/grants/${id}/withdrawal`)
		},
		channels: {
			...resource<S.Channel>(c, '/channels'),
			rotateIdentitySecret: (id: S.Id) => c.post<{ identity_secret: string }>(`/channels/${id}/identity-secret`)
		},
		categories: resource<S.Category>(c, '/categories'),
		articles: {
			list: (query: { category?: S.Id; status?: string; locale?: S.Locale; q?: string; limit?: number; cursor?: string }) =>
				c.get<S.Page<S.ArticleRow>>('/articles', query),
			get: (id: S.Id) => c.get<S.Article>(`/articles/${id}`),
			create: (body: { category_id: S.Id; locale: S.Locale; title: string; body: string; summary?: string; questions?: string[] }) =>
				c.post<S.Article>('/articles', body),
			update: (id: S.Id, body: { category_id?: S.Id; audience?: 'public' | 'staff'; related?: S.Id[] }) =>
				c.patch<S.Article>(`/articles/${id}`, body),
			archive: (id: S.Id) => c.delete(`/articles/${id}`),
			unarchive: (id: S.Id) => c.post<unknown>(`/articles/${id}/restoration`),
			saveText: (id: S.Id, locale: S.Locale, body: S.ArticleTextInput) => c.put<S.Article>(`/articles/${id}/texts/${locale}`, body),
			publish: (id: S.Id, locale: S.Locale) => c.put<S.Article>(`/articles/${id}/texts/${locale}/publication`),
			unpublish: (id: S.Id, locale: S.Locale) => c.delete<S.Article>(`/articles/${id}/texts/${locale}/publication`),
			revisions: (id: S.Id, locale: S.Locale) => c.get<S.Page<S.Revision> | S.Revision[]>(`/articles/${id}/texts/${locale}/revisions`),
			restore: (id: S.Id, locale: S.Locale, revision: number) =>
				c.post<unknown>(`/articles/${id}/texts/${locale}/revisions/${revision}/restoration`),
			preview: (markdown: string, options?: Options) => c.post<{ html: string }>('/articles/preview', { markdown }, options),
			importFile: (file: File, query: ImportQuery) => {
				const form = new FormData();
				form.append('file', file, file.name);
				return c.upload<S.ImportResult>(`/imports/articles${queryString(query)}`, form);
			},
			importText: (body: { text: string } | { html: string }, query: ImportQuery) =>
				c.post<S.ImportResult>(`/imports/articles${queryString(query)}`, body)
		},
		bot: {
			get: () => c.get<S.BotSettings>('/bot'),
			update: (body: Partial<S.BotSettings>) => c.patch<S.BotSettings>('/bot', body),
			meaning: () => c.get<S.BotMeaning>('/bot/meaning'),
			smallTalk: () => c.get<S.BotSmallTalk[]>('/bot/small-talk'),
			ask: (text: string, locale: S.Locale) => c.post<S.BotTurn>('/bot/questions', { text, locale })
		},
		llm: {
			get: () => c.get<S.LlmState>('/bot/llm'),
			update: (body: Partial<S.LlmSettings> & { key?: string }) => c.patch<S.LlmState>('/bot/llm', body),
			try: () => c.post<S.LlmTrial>('/bot/llm/trials', {}),
			tasks: () => c.get<S.WritingTasks>('/bot/writing'),
			write: (conversation: S.Id, body: S.NewWriting) => c.post<S.Writing>(`/conversations/${conversation}/writings`, body)
		},
		mailboxes: {
			list: async () => items(await c.get<S.Page<S.Mailbox>>('/mailboxes')),
			create: (body: { address: string; settings: S.MailboxSettings; secrets: S.MailboxSecrets }) => c.post<S.Mailbox>('/mailboxes', body),
			update: (id: S.Id, body: { settings: S.MailboxSettings; secrets: S.MailboxSecrets }) => c.patch<S.Mailbox>(`/mailboxes/${id}`, body),
			remove: (id: S.Id) => c.delete(`/mailboxes/${id}`),
			arrival: (id: S.Id) => c.get<S.MailboxArrival>(`/mailboxes/${id}/arrival`),
			unclear: async (id: S.Id) => items(await c.get<S.Page<S.UnclearMail>>(`/mailboxes/${id}/unclear`)),
			discover: (address: string) => c.post<S.MailboxDiscovery>('/mailboxes/discovery', { address }),
			check: (body: { id?: S.Id; address: string; settings: S.MailboxSettings; secrets: S.MailboxSecrets }) => c.post<S.MailboxCheck>('/mailboxes/check', body)
		},
		history: {
			list: () => c.get<S.Page<S.HistoryImport>>('/imports/history', { limit: 50 }),
			create: (file: Blob & { name?: string }, query: { format: S.HistoryFormat; channel: S.Id; source?: string }) =>
				c.upload<S.HistoryImport>(`/imports/history${queryString(query)}`, fileForm(file, file.name ?? 'history')),
			run: (id: S.Id) => c.put<S.HistoryImport>(`/imports/history/${id}/run`),
			hold: (id: S.Id) => c.delete<S.HistoryImport>(`/imports/history/${id}/run`),
			rejections: (id: S.Id) => c.get<S.Page<S.HistoryRejection>>(`/imports/history/${id}/rejections`, { limit: 100 }),
			remove: (id: S.Id) => c.delete(`/imports/history/${id}`)
		},
		programs: {
			list: async () => items(await c.get<S.Page<S.Program>>('/api-channels')),
			create: (body: S.ProgramForm) => c.post<S.Program & S.ProgramSecrets>('/api-channels', body),
			update: (id: S.Id, body: Partial<S.ProgramForm> & { enabled?: boolean }) => c.patch<S.Program>(`/api-channels/${id}`, body),
			remove: (id: S.Id) => c.delete(`/api-channels/${id}`),
			rotate: (id: S.Id) => c.post<S.Program & S.ProgramSecrets>(`/api-channels/${id}/secrets`),
			test: (id: S.Id) => c.post<S.ProgramTest>(`/api-channels/${id}/test`)
		},
		mails: {
			read: (message: S.Id) => c.get<S.Mail>(`/messages/${message}/mail`)
		},
		flows: {
			list: () => c.get<S.Page<S.FlowRow>>('/bot/flows'),
			get: (id: string) => c.get<S.FlowDetail>(`/bot/flows/${id}`),
			save: (id: string, definition: string, version: number) => c.put<S.FlowDetail>(`/bot/flows/${id}`, { definition, version }),
			enable: (id: string, enabled: boolean) => c.patch<S.FlowDetail>(`/bot/flows/${id}`, { enabled }),
			remove: (id: string) => c.delete(`/bot/flows/${id}`),
			publish: (id: string, version: number) => c.put<S.FlowDetail>(`/bot/flows/${id}/publication`, { version }),
			version: (id: string, version: number) => c.get<{ definition: string }>(`/bot/flows/${id}/versions/${version}`),
			check: (body: { definition: string; test?: boolean } | { flow: S.FlowDefinition; test?: boolean }) => c.post<S.CheckedFlow>('/bot/flow-checks', body),
			try: (body: { definition: string; locale: S.Locale; customer: 'known' | 'stranger'; state?: unknown; says?: string; taps?: string }) =>
				c.post<S.TriedFlow>('/bot/flow-trials', body)
		},
		needs: {
			list: () => c.get<S.Page<S.Need>>('/bot/needs')
		},
		care: {
			list: () => c.get<S.Page<S.CareFinding>>('/knowledge-care'),
			dismiss: (mark: string) => c.post<void>('/knowledge-care/dismissals', { mark }),
			translate: (text: S.TranslatedText, from: S.Locale, to: S.Locale[]) => c.post<S.Translations>('/bot/translations', { text, from, to })
		},
		guides: {
			list: () => c.get<S.Page<S.GuideView>>('/guides'),
			get: (id: S.Id) => c.get<S.GuideView>(`/guides/${id}`),
			create: (guide: S.Guide) => c.post<S.GuideView>('/guides', guide),
			save: (id: S.Id, guide: S.Guide, version: number) => c.put<S.GuideView>(`/guides/${id}`, { guide, version }),
			publish: (id: S.Id) => c.put<S.GuideView>(`/guides/${id}/publication`),
			unpublish: (id: S.Id) => c.delete<S.GuideView>(`/guides/${id}/publication`),
			archive: (id: S.Id) => c.delete(`/guides/${id}`),
			counts: (id: S.Id, days: number) => c.get<S.Page<S.GuideCount>>(`/guides/${id}/counts`, { days })
		},
		gaps: {
			list: (days: number) => c.get<S.Page<S.Gap>>('/gaps', { days }),
			close: (questions: S.Id[], article_id?: S.Id) => c.post<{ closed: number }>('/gaps/closures', { questions, ...(article_id ? { article_id } : {}) }),
			effects: () => c.get<S.Page<S.GapEffect>>('/gaps/effects')
		},
		examples: {
			list: () => c.get<S.Page<S.BotExample>>('/bot/examples'),
			propose: (body: { article_id: S.Id; question: string; locale: S.Locale }) => c.post<S.Correction>('/bot/examples', body),
			publish: (id: S.Id) => c.put<S.BotExample>(`/bot/examples/${id}/publication`),
			remove: (id: S.Id) => c.delete(`/bot/examples/${id}`)
		},
		requests: {
			list: (query: { state?: S.BotRequest['state']; cursor?: string }) => c.get<S.Page<S.BotRequest>>('/requests', { limit: 50, ...query }),
			close: (id: S.Id, outcome: 'done' | 'declined') => c.put<S.BotRequest>(`/requests/${id}/closure`, { outcome })
		},
		webhooks: {
			...resource<S.Webhook>(c, '/webhooks'),
			rotateSecret: (id: S.Id) => c.post<{ secret: string }>(`/webhooks/${id}/secret`),
			deliveries: (id: S.Id) => c.get<S.Page<S.WebhookDelivery>>(`/webhooks/${id}/deliveries`, { limit: 20 }),
			test: (id: S.Id) => c.post<unknown>(`/webhooks/${id}/test`)
		}
	};
}

/** The four calls of a plain settings resource. Lists come as a page or bare; `items` reads both. */
function resource<T extends { id: S.Id }>(c: Client, path: string) {
	return {
		list: async () => items(await c.get<T[] | S.Page<T>>(path, { limit: 200 })),
		create: (body: Partial<Omit<T, 'id'>>) => c.post<T>(path, body),
		update: (id: S.Id, body: Partial<Omit<T, 'id'>>) => c.patch<T>(`${path}/${id}`, body),
		remove: (id: S.Id) => c.delete(`${path}/${id}`)
	};
}

export function items<T>(answer: T[] | S.Page<T>): T[] {
	return Array.isArray(answer) ? answer : answer.items;
}

export type Api = ReturnType<typeof endpoints>;
