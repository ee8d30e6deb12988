import type {
  CallAnswer, CardFields, MergeBody, CustomerAnswer, FloorQueue, MeAnswer, NewNumber, OutcomeAnswer, OutcomeChange, PbxAnswer, PbxList,
  Presence, PrefixBody, SegmentAnswer, Unowned, UserAnswer, UserRole,
} from './generated'

/** The server's types under the names the screens use. */
export type {
  CustomerBrief, NewOutcome, OfferResult, Pop, Presence, Problem as ProblemBody, QueueLine,
  Extensions, FreeDesk, PauseCodeAnswer as PauseCode, PresenceRules, QueueStaff, StaffAnswer as Staff, Why,
  ImportAnswer, ImportedRows, SheetPreview,
  DialAnswer as Click, NewTask, NextStep, ReminderAnswer as Reminder, TaskAnswer as Task, TaskCounts, TaskFields, TaskPolicy, TimelineItem,
} from './generated'
export type {
  Dialling, DiallingPolicy, DidBody as Did, DifferenceAnswer as Difference, DoubtAnswer as Doubt, MapExtensionBody as Station, MapRuleBody as MapRule,
  PbxQueueAnswer as PbxQueue, PreviewAnswer as Preview, SeenAnswer as SeenPeer, SurveyAnswer as Survey,
} from './generated'
export type {
  DoubleAnswer as Double, NoteAnswer as Note, RightsAnswer as Rights, StatusAnswer as Status, StatusChanges as StatusPatch, TeamAnswer as Team,
} from './generated'
export type { ChoiceAnswer as Choice, Choices, CardField, CodePlace, DraftBody, Logged, NewStatus, NumberAnswer, Debt, Debts, FellowAnswer as Colleague, OutcomeRulesBody, OutcomeRule, ReleaseAnswer, WayAnswer, WayKind } from './generated'
export type {
  DoctorAnswer as Examination, FindingAnswer as Finding, HouseAnswer as House, PartAnswer as HousePart, RemedyAnswer as Remedy,
  StepAnswer as TestStep, TestCallAnswer as TestCall, TestCallState, UnseenAnswer as Unseen,
} from './generated'
export type {
  MessageKind, NewTemplate, PreparedAnswer as PreparedMessage, TemplateAnswer as MessageTemplate, TemplateChange as TemplatePatch, Templates,
} from './generated'
export type { FieldAnswer as OwnField, FieldChange as CardFieldChange, NewField as NewOwnField } from './generated'
export type MergeField = NonNullable<MergeBody['take']>[number]
export type Prefix = Required<PrefixBody>
export type { BoardView as Board, HealthView as Health, SessionAnswer as Session, SitInView as SitIn, AlarmView as Alarm } from './generated'

export type { OutageAnswer as Outage, Unowned } from './generated'

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

/** An agent on the floor, and what he has to do with calls. */
export interface Desk {
  me: { id: string; username: string; display_name: string; extension: string | null; pbx: string | null }
  presence: Presence
  calls: FloorCall[]
}

export interface FloorCall {
  segment_id: string
  call_id: string
  phase: 'ringing' | 'talking' | 'wrapup'
  since: string
  who: string
  queue: string
}

/** Missed callers of one queue (none: who rang a phone directly) who wait for a call back. */
export interface MissedLine {
  pbx: string
  queue: string
  label: string
  waiting: number
  overdue: number
  due_since: string | null
}

export type FloorLine = Omit<FloorQueue, 'offered_to_you'>

/** What supervisors are sent, whole, whenever it changes. */
export interface Floor {
  agents: Desk[]
  queues: FloorLine[]
  unowned: Unowned[]
  missed: MissedLine[]
}

export type { EventsAnswer as CallEvents, GroupAnswer as EventGroup, LineAnswer as EventLine, SearchAnswer as EventSearch, VerdictAnswer as Verdict } from './generated'
