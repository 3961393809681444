package synth

import "lookback/internal/casefile"

// A Trap names one way in which real records mislead. Each is planted at a
// known rate and counted in [Summary.Traps].
type Trap string

const (
	SharedGenericNominal   Trap = "one generic nominal for unknown people of many cases"
	PlaceholderNominal     Trap = "placeholder name with a nominal of its own"
	PlaceholderIdentified  Trap = "placeholder later identified in the same case"
	StatedOnly             Trap = "suspect known only from the text"
	SuspectAbsent          Trap = "suspect of a network missing from a case's records"
	StatedRange            Trap = "number of suspects stated as a range"
	Negated                Trap = "negated suspects in the text"
	Distractor             Trap = "number in the text that counts no suspect"
	ManyNominals           Trap = "further nominal for a person already held"
	TwoInOneNominal        Trap = "one nominal for two people"
	DOBSwapped             Trap = "date of birth: day and month swapped"
	DOBFirstJanuary        Trap = "date of birth: 1 January"
	DOBEstimated           Trap = "date of birth: estimated"
	DOBYearOnly            Trap = "date of birth: year only"
	DOBAgeOnly             Trap = "date of birth: age only"
	DOBMissing             Trap = "date of birth: missing"
	Alias                  Trap = "aliases"
	PNCMistyped            Trap = "PNC id mistyped"
	PNCSecond              Trap = "second PNC id for one person"
	FalseHub               Trap = "shared institution, switchboard or pool car"
	Household              Trap = "household with one surname and address"
	VictimElsewhereSuspect Trap = "victim who is a suspect elsewhere"
	Sibling                Trap = "one event recorded as several crimes"
	Rerecorded             Trap = "event recorded again as another crime"
	LinkMissing            Trap = "related crimes not linked"
	Reclassified           Trap = "reclassified"
	Cancelled              Trap = "cancelled"
	Transferred            Trap = "transferred"
	Migrated               Trap = "migrated from an older system"
	MigrationDate          Trap = "recorded_at is the day of migration"
	CopiedClosing          Trap = "copied closing text"
	TruncatedLog           Trap = "truncated log entry"
	RecordedMissing        Trap = "row without recorded_at"
	EthnicityMissing       Trap = "named suspect without any ethnicity"
	EthnicityConflict      Trap = "ethnicity columns disagree"
	PreviouslyReviewed     Trap = "previously reviewed"
	DeceasedSuspect        Trap = "deceased suspect"
	FlagMissing            Trap = "group-based case without a CSE flag"
	FlagWrong              Trap = "CSE flag on a case that is not group-based"
	FlagCleared            Trap = "flag set, then cleared"
	OutcomeHistoryDiffers  Trap = "last outcome differs from the investigation's"
	OutcomeBeforeReport    Trap = "impossible: outcome before report"
	SuspectUnderEight      Trap = "impossible: suspect younger than 8"
	VictimTooOld           Trap = "impossible: victim older than plausible"
	OffenceAgeConflict     Trap = "offence code disagrees with the victim's age"
	VictimBlaming          Trap = "victim-blaming phrase"
	BlamingChallenged      Trap = "victim-blaming phrase challenged by a supervisor"
	VehicleMisread         Trap = "vehicle mark: O for 0, I for 1, or partial"
)

// How often, in a thousand. What the rate is a share of stands beside it.
const (
	rateHouseholdWitness  = 180 // of others: a relative of the victim
	rateFromPool          = 170 // of local people: somebody met in other cases
	rateTwin              = 25  // of people from the pool: recorded under a relative's nominal
	rateOtherNominal      = 380 // of pool people and network members, per case
	rateVariantFirst      = 110 // of first nominals: the name departs from the bearer's
	rateVariantOther      = 780 // of further nominals
	rateAlias             = 110 // of nominals
	ratePNC               = 430 // of nominals first recorded as suspects
	ratePNCOther          = 60  // of other nominals
	ratePNCMistyped       = 30  // of PNC ids
	ratePNCSecond         = 12  // of PNC ids
	rateCRO               = 600 // of nominals with a PNC id
	rateRecordedMissing   = 110 // of rows that may carry recorded_at
	rateEthnicityKept     = 330 // of suspects; of others see rateEthnicityOther
	rateEthnicityOther    = 600
	rateEthnicityConflict = 120 // of nominals with both columns
	rateDeceased          = 35  // of suspects
	rateStandaloneGroup   = 450 // of group-based records: no network
	rateRerecorded        = 28  // of events
	rateLinkMissing       = 200 // of related crimes
	rateReclassified      = 60  // of records
	rateMigrated          = 850 // of records before the migration
	rateMigrationDate     = 60  // of migrated records
	rateLocalOutcome      = 45  // of closed records
	rateHistoryDiffers    = 30
	rateImpossible        = 5 // of records, for each impossible thing
	rateOffenceConflict   = 25
	rateCopiedClosing     = 520 // of closed records
	rateTruncated         = 45  // of log entries
	rateBlaming           = 95  // of records
	rateChallenged        = 120 // of records with such a phrase
	rateCSEFlagGroup      = 370 // of group-based records, rightly flagged
	rateCSEFlagOther      = 70  // of other records, wrongly flagged
	rateFlagCleared       = 120 // of flags
	rateReviewed          = 40  // of records
	rateReviewedUnsaid    = 60
	rateStatesNumber      = 560 // of group-based records whose text need not state a number
	rateStatesOne         = 430 // of other records
	rateOverstated        = 25  // of other records: the first account states more than there were
	rateNegation          = 260 // of records
	rateDistractor        = 450 // of records
	rateVenue             = 700 // of records
	rateDocument          = 33  // of records, up to about maxDocuments in all
)

// How a suspect who took part stands in one case's records.
type standing int

const (
	asNamed standing = iota
	asPlaceholder
	asGeneric
	asStated // only the text says so
	asAbsent // nothing in this case says so
)

var (
	standingInGroup  = []int{500, 110, 60, 190, 140}
	standingInOthers = []int{800, 100, 35, 25, 40}
)

const (
	maxDocuments = 400
	firstYear    = 2010
	yearCount    = 16
)

var (
	migration = casefile.DayOf(2016, 4, 4)
	extracted = casefile.DayOf(2025, 12, 31)
	framework = casefile.DayOf(2013, 4, 1)
	fullCodes = casefile.DayOf(2014, 4, 1)
)

// yearWeights is the share of cases reported in each year from 2010 on: what is
// recorded grew over the period.
var yearWeights = [yearCount]int{35, 36, 38, 44, 54, 60, 64, 68, 70, 70, 60, 72, 76, 74, 72, 70}
