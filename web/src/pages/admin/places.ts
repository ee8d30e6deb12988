import { icons } from '@/ui/icons'

/** What is wrong comes before what can be decided, which stands in the order of the first day. Each name is a route's and a key under `nav`. */
export const adminPlaces: { name: string; icon: string; everybody?: true }[] = [
  { name: 'status', icon: icons.server, everybody: true },
  { name: 'doctor', icon: icons.doctor },
  { name: 'pbx', icon: icons.pbx },
  { name: 'users', icon: icons.personAdd },
  { name: 'teams', icon: icons.people },
  { name: 'statuses', icon: icons.star },
  { name: 'fields', icon: icons.edit },
  { name: 'outcomes', icon: icons.outcomes },
  { name: 'templates', icon: icons.mail },
  { name: 'scorecards', icon: icons.grading },
  { name: 'routing', icon: icons.route },
  { name: 'hours', icon: icons.clock },
  { name: 'blocked', icon: icons.block, everybody: true },
  { name: 'outcome_rules', icon: icons.wait },
  { name: 'callbacks', icon: icons.callBack },
  { name: 'alarms', icon: icons.warning },
  { name: 'report_rules', icon: icons.report, everybody: true },
  { name: 'review_rules', icon: icons.grading },
  { name: 'pauses', icon: icons.paused },
  { name: 'privacy', icon: icons.shield },
  { name: 'audit', icon: icons.audit },
]
