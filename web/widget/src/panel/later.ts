/** What a first visit does not need: it comes over the wire when somebody wants it. */
export { RatingCard } from './view/rating';
export { Transcript } from './view/transcript';
export { ding, soundSwitch } from './view/sound';
