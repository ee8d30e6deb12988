import {
  symRoundedAcUnit, symRoundedFiberNew, symRoundedBlock, symRoundedCheck, symRoundedCircle, symRoundedFlag,
  symRoundedLocalFireDepartment, symRoundedSchedule, symRoundedStar, symRoundedSunny,
} from '@quasar/extras/material-symbols-rounded'

/** A colour never stands alone: each status has a sign and a word too. */
export const statusIcon: Record<string, string> = {
  circle: symRoundedCircle, sparkle: symRoundedFiberNew, snow: symRoundedAcUnit, sun: symRoundedSunny, fire: symRoundedLocalFireDepartment,
  check: symRoundedCheck, star: symRoundedStar, clock: symRoundedSchedule, flag: symRoundedFlag, block: symRoundedBlock,
}
export const statusTone: Record<string, string> = {
  grey: 'quiet', blue: 'call', teal: 'call', green: 'good', amber: 'warn', orange: 'warn', red: 'bad', purple: 'vip',
}
