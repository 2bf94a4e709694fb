/** What the API sends and takes; one file for each part of it. */
export * from './schema/base';
export * from './schema/people';
export * from './schema/inbox';
export * from './schema/service';
export * from './schema/authority';
export * from './schema/quality';
export * from './schema/notices';
export * from './schema/knowledge';
export * from './schema/commerce';
export * from './schema/live';
export * from './schema/mail';
export * from './schema/flows';
export * from './schema/programs';
export * from './schema/history';
export * from './schema/llm';
export * from './schema/care';
export * from './schema/guides';
