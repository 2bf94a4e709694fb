export * from './reducers';
export * from './lists';
export * from './socket';
