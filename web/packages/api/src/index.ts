export * from './schema';
export * from './problem';
export * from './client';
export * from './endpoints';
