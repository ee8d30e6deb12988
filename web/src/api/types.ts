import type {
  CallAnswer, CardFields, CustomerAnswer, MeAnswer, NewNumber, OutcomeAnswer, OutcomeChange, PbxAnswer, PbxList, Presence,
  PrefixBody, SegmentAnswer, UserAnswer, UserRole,
} from './generated'

/** The server's types under the names the screens use. */
export type {
  CustomerBrief, NewOutcome, OfferResult, Pop, Presence, Problem as ProblemBody, QueueLine,
  TaskAnswer as Task, TaskCounts, TaskPolicy, TimelineItem,
} from './generated'
export type {
  DidBody as Did, DifferenceAnswer as Difference, DoubtAnswer as Doubt, MapExtensionBody as Station, MapRuleBody as MapRule,
  PbxQueueAnswer as PbxQueue, PreviewAnswer as Preview, SeenAnswer as SeenPeer, SurveyAnswer as Survey,
} from './generated'
export type Prefix = Required<PrefixBody>
export type { BoardView as Board, HealthView as Health, SessionAnswer as Session } from './generated'

export type Call = CallAnswer
export type Segment = SegmentAnswer
export type Customer = CustomerAnswer
export type CustomerPatch = Partial<CardFields>
export type CustomerNew = CustomerPatch & { numbers?: NewNumber[] }
export type CustomerStatus = NonNullable<CardFields['status']>
export type Outcome = OutcomeAnswer & { comment: CommentRule }
export type OutcomePatch = OutcomeChange
export type CommentRule = 'none' | 'optional' | 'required'
export type Pbx = PbxAnswer
export type Pbxs = PbxList
export type User = UserAnswer
export type Role = UserRole
export type CallState = CallAnswer['state']
export type CallResult = NonNullable<CallAnswer['result']>
export type PresenceState = Presence['state']

export interface Page<T> {
  items: T[]
  next_cursor: string | null
}

export type Me = MeAnswer

/** An agent on the floor. */
export interface Desk {
  me: { id: string; username: string; display_name: string; extension: string | null }
  presence: Presence
}
