import {
  symRoundedAdd, symRoundedAddTask, symRoundedTaskAlt, symRoundedPersonPinCircle, symRoundedPhoneForwarded, symRoundedArrowBack, symRoundedArrowDownward, symRoundedArrowUpward, symRoundedCall, symRoundedCallEnd,
  symRoundedCallMade, symRoundedCallMissed, symRoundedCallReceived, symRoundedCheck, symRoundedCheckCircle, symRoundedClose,
  symRoundedCloudOff, symRoundedContrast, symRoundedDarkMode, symRoundedDatabase, symRoundedDelete, symRoundedDns,
  symRoundedDomain, symRoundedFilterList, symRoundedArrowForward, symRoundedFolder, symRoundedEdit, symRoundedEditNote, symRoundedError, symRoundedFactCheck, symRoundedGroup,
  symRoundedGroups, symRoundedHeadsetMic, symRoundedHistory, symRoundedHourglassTop, symRoundedInfo, symRoundedKeyboard,
  symRoundedKeyboardArrowDown, symRoundedLanguage, symRoundedLightMode, symRoundedLock, symRoundedLogout,
  symRoundedNotifications, symRoundedPause, symRoundedPauseCircle, symRoundedPerson, symRoundedPersonAdd,
  symRoundedPhoneDisabled, symRoundedPhoneInTalk, symRoundedPhonePaused, symRoundedPlayArrow, symRoundedPublic,
  symRoundedRingVolume, symRoundedRouter, symRoundedSchedule, symRoundedSearch, symRoundedSpaceDashboard,
  symRoundedStar, symRoundedSupportAgent, symRoundedUndo, symRoundedVisibilityOff, symRoundedVoicemail,
  symRoundedMoreHoriz, symRoundedMobileOff, symRoundedPolicy, symRoundedSettings, symRoundedManageSearch, symRoundedVolumeOff, symRoundedWarning, symRoundedMail, symRoundedChat, symRoundedHome, symRoundedStethoscope, symRoundedContentCopy, symRoundedBarChart, symRoundedGrading, symRoundedFlag, symRoundedHeadphones, symRoundedRadioButtonChecked, symRoundedAltRoute, symRoundedBlock,
} from '@quasar/extras/material-symbols-rounded'
import type { CallState, PresenceState } from '@/api/types'

export const icons = {
  filter: symRoundedFilterList, grading: symRoundedGrading, flag: symRoundedFlag, listen: symRoundedHeadphones, report: symRoundedBarChart, symRoundedGrading, symRoundedFlag, symRoundedHeadphones, transfer: symRoundedPhoneForwarded,
  tasks: symRoundedTaskAlt, addTask: symRoundedAddTask, visit: symRoundedPersonPinCircle, callBack: symRoundedPhoneForwarded,
  add: symRoundedAdd, back: symRoundedArrowBack, next: symRoundedArrowForward, group: symRoundedFolder, down: symRoundedArrowDownward, up: symRoundedArrowUpward,
  call: symRoundedCall, hangUp: symRoundedCallEnd, outgoing: symRoundedCallMade, missed: symRoundedCallMissed,
  incoming: symRoundedCallReceived, check: symRoundedCheck, done: symRoundedCheckCircle, close: symRoundedClose,
  cloudOff: symRoundedCloudOff, contrast: symRoundedContrast, dark: symRoundedDarkMode, database: symRoundedDatabase,
  remove: symRoundedDelete, server: symRoundedDns, organisation: symRoundedDomain, edit: symRoundedEdit,
  note: symRoundedEditNote, error: symRoundedError, outcomes: symRoundedFactCheck, people: symRoundedGroup,
  floor: symRoundedGroups, headset: symRoundedHeadsetMic, history: symRoundedHistory, wait: symRoundedHourglassTop,
  info: symRoundedInfo, keyboard: symRoundedKeyboard, expand: symRoundedKeyboardArrowDown, language: symRoundedLanguage,
  light: symRoundedLightMode, lock: symRoundedLock, signOut: symRoundedLogout, bell: symRoundedNotifications,
  pause: symRoundedPause, paused: symRoundedPauseCircle, person: symRoundedPerson, personAdd: symRoundedPersonAdd,
  phoneOff: symRoundedPhoneDisabled, talking: symRoundedPhoneInTalk, held: symRoundedPhonePaused,
  play: symRoundedPlayArrow, public: symRoundedPublic, ringing: symRoundedRingVolume, pbx: symRoundedRouter, admin: symRoundedSettings,
  clock: symRoundedSchedule, search: symRoundedSearch, desk: symRoundedSpaceDashboard, star: symRoundedStar,
  agent: symRoundedSupportAgent, undo: symRoundedUndo, withheld: symRoundedVisibilityOff,
  voicemail: symRoundedVoicemail, mute: symRoundedVolumeOff, warning: symRoundedWarning, doctor: symRoundedStethoscope, copy: symRoundedContentCopy, unreachable: symRoundedMobileOff, more: symRoundedMoreHoriz, shield: symRoundedPolicy, audit: symRoundedManageSearch, mail: symRoundedMail, chat: symRoundedChat, place: symRoundedHome, record: symRoundedRadioButtonChecked,
  route: symRoundedAltRoute, block: symRoundedBlock,
} as const

export type Icon = (typeof icons)[keyof typeof icons]
export type Tone = 'good' | 'call' | 'warn' | 'bad' | 'quiet'

export const presenceLook: Record<PresenceState, { icon: string; tone: Tone }> = {
  available: { icon: icons.done, tone: 'good' },
  ringing: { icon: icons.ringing, tone: 'call' },
  talking: { icon: icons.talking, tone: 'call' },
  wrapup: { icon: icons.note, tone: 'warn' },
  paused: { icon: icons.paused, tone: 'quiet' },
  unreachable: { icon: icons.unreachable, tone: 'bad' },
  offline: { icon: icons.phoneOff, tone: 'quiet' },
}

export const stateLook: Record<CallState, { icon: string; tone: Tone }> = {
  queued: { icon: icons.wait, tone: 'warn' },
  ringing: { icon: icons.ringing, tone: 'call' },
  talking: { icon: icons.talking, tone: 'call' },
  held: { icon: icons.held, tone: 'warn' },
  parked: { icon: icons.held, tone: 'warn' },
  ended: { icon: icons.hangUp, tone: 'quiet' },
}

export const resultLook = {
  answered: { icon: icons.done, tone: 'good' },
  abandoned: { icon: icons.missed, tone: 'bad' },
  missed: { icon: icons.missed, tone: 'bad' },
  busy: { icon: icons.phoneOff, tone: 'warn' },
  failed: { icon: icons.error, tone: 'bad' },
  voicemail: { icon: icons.voicemail, tone: 'quiet' },
} as const satisfies Record<string, { icon: string; tone: Tone }>
