import { enumName, fieldsOf, flagOf, instantOf, listOf, numberOf, textOf, type Fields } from './fields';

/** PREVIEW, COMPOSED, SENDING, SENT, REFUSED or UNKNOWN; "" when it is not said. */
export type PostState = string;

/** One post of a thread. */
export interface PostPart {
  readonly text: string;
  /** As X counts; 280 at most. */
  readonly weightedLength: number;
  readonly state: PostState;
  /** On X; "" until it is accepted. */
  readonly tweetId: string;
}

/** Something that is told in public. */
export interface Post {
  readonly id: string;
  readonly kind: string;
  readonly state: PostState;
  readonly composedAt: number | null;
  readonly sentAt: number | null;
  /** One, or those of a thread. */
  readonly parts: readonly PostPart[];
  /** What went wrong last; "" when nothing did. */
  readonly trouble: string;
  readonly wordedByModel: boolean;
}

/** A page of posts, newest first. */
export interface PostList {
  readonly posts: readonly Post[];
  /** "" when there are no older ones. */
  readonly nextPageToken: string;
}

/** An alert at one channel. */
export interface AlertMessage {
  readonly channel: string;
  /** WAITING, SENT or FAILED. */
  readonly state: string;
  readonly attempts: number;
  readonly trouble: string;
  readonly sentAt: number | null;
}

/** Something that is told to the operator. */
export interface Alert {
  readonly id: string;
  /** INFO, WARNING or CRITICAL. */
  readonly severity: string;
  readonly kind: string;
  readonly title: string;
  readonly text: string;
  readonly raisedAt: number | null;
  readonly messages: readonly AlertMessage[];
}

/** What leaves the machine, and what waits. */
export interface PublisherStatus {
  readonly stopped: boolean;
  /** Null while nothing is stopped, and when the settings stop it. */
  readonly stoppedSince: number | null;
  readonly stopReason: string;
  /** Without credentials: posts are composed and shown, and none is sent. */
  readonly dryRun: boolean;
  readonly waiting: number;
  readonly sentWithinDay: number;
  /** Null when the next post may go out now. */
  readonly nextSlotAt: number | null;
  /** What keeps the oldest post that waits; "" when nothing does. */
  readonly trouble: string;
  readonly factsAt: number | null;
  readonly factsTrouble: string;
  readonly channels: readonly string[];
  readonly messagesWaiting: number;
}

/** The kinds of posts, as requests name them. */
export const postKinds: readonly string[] = ['trade_result', 'open_position', 'comparison', 'daily', 'weekly', 'buy_and_hold', 'paused', 'market', 'lesson'];

/** The states of posts, as requests name them. */
export const postStates: readonly string[] = ['preview', 'composed', 'sending', 'sent', 'refused', 'unknown'];

/** Reads GET /posts. */
export function readPosts(json: unknown): PostList {
  const fields = fieldsOf(json);
  return { posts: listOf(fields, 'posts').map(readPost), nextPageToken: textOf(fields, 'nextPageToken') };
}

/** Reads one post. */
export function readPost(json: unknown): Post {
  const fields = fieldsOf(json);
  return {
    id: textOf(fields, 'id'),
    kind: textOf(fields, 'kind'),
    state: stateOf(fields),
    composedAt: instantOf(fields, 'composedAt'),
    sentAt: instantOf(fields, 'sentAt'),
    parts: listOf(fields, 'parts').map(readPart),
    trouble: textOf(fields, 'trouble'),
    wordedByModel: flagOf(fields, 'wordedByModel'),
  };
}

/** Reads GET /alerts, newest first. */
export function readAlerts(json: unknown): Alert[] {
  return listOf(fieldsOf(json), 'alerts').map((each) => {
    const fields = fieldsOf(each);
    return {
      id: textOf(fields, 'id'),
      severity: enumName(fields, 'severity', 'SEVERITY_'),
      kind: textOf(fields, 'kind'),
      title: textOf(fields, 'title'),
      text: textOf(fields, 'text'),
      raisedAt: instantOf(fields, 'raisedAt'),
      messages: listOf(fields, 'messages').map(readMessage),
    };
  });
}

/** Reads GET /publisher/status. */
export function readPublisherStatus(json: unknown): PublisherStatus {
  const fields = fieldsOf(json);
  const outbound = fieldsOf(fields['outbound']);
  return {
    stopped: flagOf(outbound, 'stopped'),
    stoppedSince: instantOf(outbound, 'stoppedSince'),
    stopReason: textOf(outbound, 'reason'),
    dryRun: flagOf(fields, 'dryRun'),
    waiting: numberOf(fields, 'waiting'),
    sentWithinDay: numberOf(fields, 'sentWithinDay'),
    nextSlotAt: instantOf(fields, 'nextSlotAt'),
    trouble: textOf(fields, 'trouble'),
    factsAt: instantOf(fields, 'factsAt'),
    factsTrouble: textOf(fields, 'factsTrouble'),
    channels: listOf(fields, 'channels').map(String),
    messagesWaiting: numberOf(fields, 'messagesWaiting'),
  };
}

function readPart(json: unknown): PostPart {
  const fields = fieldsOf(json);
  return { text: textOf(fields, 'text'), weightedLength: numberOf(fields, 'weightedLength'), state: stateOf(fields), tweetId: textOf(fields, 'tweetId') };
}

function readMessage(json: unknown): AlertMessage {
  const fields = fieldsOf(json);
  return {
    channel: textOf(fields, 'channel'),
    state: enumName(fields, 'state', 'STATE_'),
    attempts: numberOf(fields, 'attempts'),
    trouble: textOf(fields, 'trouble'),
    sentAt: instantOf(fields, 'sentAt'),
  };
}

function stateOf(fields: Fields): PostState {
  const state = enumName(fields, 'state', 'STATE_');
  return state === 'UNSPECIFIED' ? '' : state;
}
