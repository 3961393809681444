package synth

// The grammar of the made-up narratives. They speak of process, in the voice of
// an investigation log, and never of an act. {a|b} is a choice, {name} a slot
// (see voice.slot). Only the sentences under stating count suspects; every
// other sentence is worded so that it counts none.

var stating = parse(
	`{Victim} {disclosed|has disclosed} an offence {by|involving} {n}.`,
	`{Victim} named {n}.`,
	`Account obtained by {a specialist|specialist} officer refers to {n}.`,
	`{Informant} reports {n} in a {colour} {vehicle} outside {place}.`,
	`{N} in a {colour} {vehicle}, seen near {place} at {time}.`,
	`{Victim} seen getting out of a {colour} {vehicle} with {n}.`,
	`CCTV from {place} shows {victim} with {n}.`,
	`Call from {place}: {n} asking for {victim} at the door.`,
	`Intelligence received that {n} {collect|collected} {victim} from {place}.`,
	`{Victim} {says|states|said}, present at the address: {n}.`,
	`{Informant} {described|describes} {n} {outside|at} {place}.`,
	`VRI completed. {N} referred to in the account.`,
	`Initial account: {n}, met {near|at} {place}.`,
	`{Victim} could describe {n}, names not known.`,
	`Report received from {place} of {n} with a young person.`,
	`{N} left the address before police arrival.`,
)

// openings begin an MO text; none counts a suspect.
var openings = parse(
	`{Victim} disclosed an offence to {staff}.`,
	`Report made by {informant} {on behalf of victim|by telephone|at front counter}.`,
	`{Victim} was met {near|at} {place} and taken to an address.`,
	`Offence disclosed during {a return interview|a strategy discussion|a school meeting|a hospital visit}.`,
	`Third party report received. {Victim} not yet spoken to.`,
	`{Victim} returned from a missing episode and disclosed an offence.`,
	`Contact began online and continued by {phone|messages}.`,
	`Non recent report. {Victim} now wishes to speak to police.`,
	`Concern raised by {staff} about contact outside the placement.`,
	`Referral from {staff}. Crime raised for investigation.`,
	`{Victim} was offered {lifts|gifts|money|a phone|food|cigarettes} {near|at} {place}.`,
	`Disclosure made to {staff}. Detail in specialist account.`,
	`Matter first recorded as an incident, crime raised {after review|later}.`,
)

var negations = parse(
	`No further males seen.`,
	`No other males were present.`,
	`Victim did not mention any other males.`,
	`No other suspects identified.`,
	`{Informant} did not see any males.`,
	`CCTV checked, no males seen with victim.`,
	`Nobody else was involved as far as is known.`,
	`Not known whether any others were present.`,
	`Officers attended, no men at the address.`,
	`No descriptions of any suspect.`,
)

var distractors = parse(
	`{Two|Three|2|3} officers attended {place}.`,
	`{Two|Three|Four|3|5} calls made to victim, no reply.`,
	`Males' clothing seized from the address.`,
	`{Two|3|Four} phones seized and booked in.`,
	`{Two|2} friends of the victim spoken to as witnesses.`,
	`{Three|4|Six} cameras checked near {place}.`,
	`Victim has {two|three|2|3} siblings, safeguarding considered.`,
	`{Two|2} social workers present at the meeting.`,
	`Men's toilets at {place} checked by staff.`,
	`Male officer not to be deployed at victim's request.`,
	`Victim missing on {three|four|5|6} occasions this year.`,
	`{Two|2} female staff at {place} gave statements.`,
	`Statement from male teacher obtained.`,
	`House to house at {10|12|20} addresses, nothing to add.`,
	`Male voice heard on the call, believed to be the victim's father.`,
)

// An entryKind is a kind of log entry, with its own sentences.
type entryKind struct {
	kind      string
	weight    int // how often in the middle of a log; 0 for first and last
	sentences []template
}

var firstEntry = entryKind{"INITIAL REPORT", 0, parse(
	`Crime recorded following report from {informant}. Initial safeguarding checks {completed|done}.`,
	`Incident {ref} reviewed and crimed. {Victim} spoken to briefly by {officer}.`,
	`Report taken {by telephone|at front counter|at {place}}. {Victim} to be seen by specialist officer.`,
	`Referral received from {staff}. Allocated to {unit}.`,
	`{Officer} attended {place}. First account only, details in {pocket book|EAB}.`,
	`Crime raised on instruction of {supervisor}. Victim aware of report.`,
)}

var middleEntries = []entryKind{
	{"VICTIM CONTACT", 16, parse(
		`{Victim} {contacted|called|updated} by {phone|text}, {no reply|voicemail left|content with update|will call back}.`,
		`Visited {victim} at home address. {Parent|Carer|Keyworker} present. Appointment made for VRI on {date}.`,
		`VRI completed at {place}. Account obtained, summary to follow.`,
		`{Victim} does not wish to attend VRI at this time. ISVA referral {offered|made|declined}.`,
		`Letter sent to victim inviting contact with {unit}.`,
		`{Victim} has moved placement, new address to be obtained from {staff}.`,
		`{Victim} seen with {staff}. Disclosed an offence, did not want to say more today.`,
		`Victim needs assessment {completed|outstanding}. Special measures discussed.`,
	)},
	{"ENQUIRY", 20, parse(
		`CCTV {requested|viewed|not available} at {place}.`,
		`Enquiries made at {place}, {staff} to search records.`,
		`Statement obtained from {informant}.`,
		`Mobile number supplied by victim researched, {subscriber not known|unregistered|in use by another|result awaited}.`,
		`{Vehicle} with index {mark} circulated. {No trace|Keeper enquiries continue|Insured to a hire company}.`,
		`Intelligence checks completed on {suspect}.`,
		`Witness {witness} spoken to by phone, {will provide a statement|does not wish to assist|did not see anything}.`,
		`House to house completed in {street}.`,
		`Request sent to {unit} for related crimes. {No reply received|Reply awaited|Reply filed with papers}.`,
		`Third party material requested from {staff}.`,
		`Address check on {street} shows several previous calls.`,
		`Attempted to trace {suspect}, not at home address.`,
	)},
	{"SUSPECT", 14, parse(
		`{Suspect} {arrested|invited for voluntary interview|interviewed} and {denied the offence|made no comment|gave a prepared statement|bailed|released under investigation}.`,
		`{Suspect} {identified|nominated} by {victim|informant|intelligence}. PNC check completed.`,
		`ID procedure {arranged|completed|not appropriate}.`,
		`{Suspect} circulated as wanted. Address checks negative.`,
		`{Suspect} spoken to by phone, will attend with solicitor.`,
		`Suspect not identified from description. Media appeal {considered|not appropriate}.`,
		`Bail return date {date}. Conditions not to contact victim.`,
	)},
	{"FORENSIC", 8, parse(
		`Exhibit {exhibit} submitted to {laboratory|digital unit}. {Result awaited|Backlog of several months}.`,
		`Phone download {requested|completed|refused}. Messages to be reviewed by {officer}.`,
		`Clothing retained, not submitted, {budget not authorised|awaiting decision|no forensic opportunity}.`,
		`Result received, {no profile|partial profile|match report to follow}.`,
	)},
	{"STRATEGY", 9, parse(
		`Strategy discussion held with {staff}. Joint investigation agreed.`,
		`Strategy meeting: {no further role for police|single agency|risk assessed as medium|risk assessed as high}.`,
		`MASE meeting attended. {Victim} discussed, mapping requested from {unit}.`,
		`Referral made to children's social care.`,
		`Information shared with {staff} under safeguarding protocol.`,
	)},
	{"MISSING", 6, parse(
		`{Victim} reported missing from {place} at {time}, graded {low|medium|high} risk.`,
		`{Victim} located at {place} and returned. Return interview {requested|not completed|offered}.`,
		`Missing episode linked to this crime by {officer}.`,
	)},
	{"CPS", 5, parse(
		`File submitted to CPS for early advice.`,
		`CPS action plan received, {medical records|phone download|third party material} requested.`,
		`CPS lawyer advises {further work|no realistic prospect|review in due course}.`,
	)},
	{"TRANSFER", 4, parse(
		`Investigation transferred from {unit} to {unit2}.`,
		`New OIC {officer}. Handover {verbal only|completed|outstanding}.`,
		`Papers requested from {unit}. Not located.`,
	)},
	{"ADMIN", 6, parse(
		`Crime reclassified following review by crime registrar.`,
		`Duplicate check completed.`,
		`OEL printed and added to file. See {ref}.`,
		`Property review completed.`,
		`Migrated entry.`,
	)},
}

var supervisorEntry = entryKind{"SUPERVISOR REVIEW", 0, parse(
	`Reviewed. Outstanding actions: {trace {suspect}|obtain VRI|view CCTV|research phone}. Set review for {date}.`,
	`Reviewed, investigation proportionate. Continue.`,
	`28 day review. {Lines of enquiry remain|Awaiting digital unit|No change}.`,
	`Review overdue. {Officer} to update within 7 days.`,
	`Consider links with other reports in {area}. {Not progressed|Tasked to {unit}}.`,
	`Happy to file subject to victim update.`,
)}

var challengeEntry = entryKind{"SUPERVISOR REVIEW", 0, parse(
	`Wording of the entry above is not appropriate for a child. Officer spoken to, record the risk and who poses it.`,
	`Language in this log challenged. {Victim} is a child and cannot be responsible for what others did.`,
)}

// copiedClosings are pasted as they stand into many cases.
var copiedClosings = []string{
	"All reasonable lines of enquiry completed. Insufficient evidence to proceed. NFA.",
	"All lines of enquiry exhausted. No further action to be taken at this time. File closed.",
	"No further lines of enquiry. Victim updated. Crime filed pending further information.",
	"Evidential difficulties. Does not meet the full code test. NFA authorised by supervisor.",
	"Victim does not support a prosecution. Safeguarding in place. Closed.",
	"Suspect not identified. Investigation complete. To be reopened should new information come to light.",
	"Reviewed by supervisor. Investigation proportionate and complete. Filed.",
	"Insufficient evidence for a realistic prospect of conviction. Victim informed by letter.",
	"No viable lines of enquiry remaining. Finalised in line with policy.",
	"Victim declined to provide an account. Unable to progress. NFA.",
	"Crime finalised following supervisory review. See DETS for rationale.",
	"Closed. No complaint, no witnesses, no forensic opportunities.",
}

// solvedClosings close what ended with a charge, a caution or a resolution.
var solvedClosings = parse(
	`{Suspect} charged. Papers with CPS.`,
	`{Suspect} dealt with, see outcome. {Victim} updated by {officer}.`,
	`Charging decision received. File build with {unit}.`,
	`Disposal authorised by {supervisor}. {Victim} informed.`,
)

var transferredClosings = parse(
	`Transferred to another force, papers sent. {Victim} updated.`,
	`Responsibility passed to {staff}. No further police role.`,
)

var closings = parse(
	`{Suspect} interviewed and denied the offence. No independent evidence. {NFA|No further action} authorised by {supervisor}.`,
	`{Victim} has been updated by {officer} and is aware of the decision. {Filed|Closed}.`,
	`Unable to contact victim after several attempts. Letter sent. {Filed|NFA}.`,
	`CPS advise no realistic prospect of conviction. Victim to be told by {officer}. Closed.`,
	`Safeguarding led by {staff}. No further police role. Investigation closed by {supervisor}.`,
	`Description insufficient to identify a suspect. CCTV no longer available. Filed.`,
	`Phone download not completed. {Victim} does not support. {NFA|Closed}.`,
)

var cancelledClosings = []string{
	"Cancelled, duplicate of another record.", "Cancelled, recorded in error.", "Cancelled, committed outside the force area. Transferred.", "No crime. Additional verifiable information held.",
}

// A blaming phrase belongs to a published class of victim-blaming language. The
// wording is our own; later work is measured on finding it.
type blaming struct {
	class    string
	sentence template
}

var blamingPhrases = func() (out []blaming) {
	for _, p := range [][2]string{
		{"choice", `{Victim} is making poor choices.`}, {"choice", `{Victim} chooses to go back to the address.`}, {"choice", `This is {his} lifestyle.`},
		{"risk_placing", `{Victim} puts {himself} at risk.`}, {"risk_placing", `{Victim} is placing {himself} in danger by {his} risky behaviour.`}, {"risk_placing", `{He} keeps exposing {himself} to harm.`},
		{"agency_consent", `{Victim} went voluntarily.`}, {"agency_consent", `{Victim} was happy to go along.`}, {"agency_consent", `{He} appears a willing participant. No complaint made so no offence.`},
		{"relationship", `{Victim} says {he} is in a relationship with the suspect.`}, {"relationship", `{Victim} is spending time with older people by {his} own account.`},
		{"child_as_actor", `{Victim} has been contacting adults online.`}, {"child_as_actor", `{Victim} got into the car.`},
		{"vulnerability_cause", `{Victim} is from a chaotic home so this is to be expected.`},
		{"character", `{Victim} is known to be attention seeking.`}, {"character", `{Victim} is streetwise and can be difficult.`}, {"character", `Staff describe {him} as manipulative.`},
		{"hindsight", `{He} must have known what would happen.`}, {"hindsight", `{Victim} was warned before and should have realised.`},
		{"not_leaving", `Not clear why {he} did not leave.`}, {"not_leaving", `{Victim} went back again and did not report at the time.`},
		{"non_engagement", `{Victim} refuses to engage with police.`}, {"non_engagement", `{Victim} is uncooperative and not interested.`},
		{"adultifying", `{Victim} is mature for {his} age.`}, {"adultifying", `{Victim} looks much older and acts like an adult.`},
		{"missing", `{Victim} has absconded again, usual behaviour.`}, {"missing", `{Victim} is streetwise so low risk, back of own accord.`},
		{"criminality", `{Victim} is a known offender and a runner.`},
		{"credibility", `{Victim} is known to make things up.`}, {"credibility", `{Victim} claims to have been there, inconsistent account.`},
		{"minimising", `Appears to be just messing about.`}, {"minimising", `Nothing really happened.`},
	} {
		out = append(out, blaming{p[0], parse(p[1])[0]})
	}
	return out
}()

// Words for the slots of the grammar.
var slotWords = map[string][]string{
	"staff":     {"social worker", "school staff", "care home staff", "youth worker", "hospital staff", "keyworker", "safeguarding lead", "children's social care"},
	"informant": {"social worker", "care home manager", "parent", "member of the public", "school", "taxi driver", "neighbour", "anonymous caller", "hotel manager"},
}

// nouns for suspects, singular and plural, by typology.
type noun struct{ one, many string }

var (
	adultNouns = []noun{{"male", "males"}, {"male", "males"}, {"man", "men"}, {"unknown male", "unknown males"}, {"adult male", "adult males"}, {"older male", "older males"}, {"suspect", "suspects"}}
	youngNouns = []noun{{"boy", "boys"}, {"youth", "youths"}, {"lad", "lads"}, {"male", "males"}}
)
