//! Why a record or a point is a reject: the words of the table, in one list.

/// Why a record or a point cannot become a row. The order is the order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// An element of `Records` that is no object.
    NotARecord,
    /// A field that we use cannot be Unicode.
    BadText,
    /// No `eventID`.
    NoEventId,
    /// No readable `eventTime`, or one that cannot be.
    BadEventTime,
    /// Account or region cannot be a path segment.
    UnsafePartitionValue,
    /// No list of points.
    NoMetricData,
    /// Nothing names the run.
    NoTrialComponent,
    /// An element of `metricData` that is no object.
    NotAPoint,
    /// No metric name.
    BadMetricName,
    /// No number.
    BadValue,
    /// No time.
    BadTimestamp,
    /// A step that is no integer of 64 bits.
    BadStep,
}

impl Reason {
    /// The word in the table.
    pub fn as_str(self) -> &'static str {
        self.texts().0
    }

    /// Our own sentence about it.
    pub fn detail(self) -> &'static str {
        self.texts().1
    }

    fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::NotARecord => ("not_a_record", "an element of Records is not an object"),
            Self::BadText => ("bad_text", "a text holds a lone surrogate or invalid UTF-8"),
            Self::NoEventId => ("no_event_id", "eventID is missing, empty or not a string"),
            Self::BadEventTime => (
                "bad_event_time",
                "eventTime is unreadable, before 2013, or more than two days after delivery",
            ),
            Self::UnsafePartitionValue => (
                "unsafe_partition_value",
                "account or region is not 1 to 64 letters, digits or hyphens",
            ),
            Self::NoMetricData => {
                ("no_metric_data", "requestParameters holds no non-empty list metricData")
            }
            Self::NoTrialComponent => {
                ("no_trial_component", "neither requestParameters nor resources name the run")
            }
            Self::NotAPoint => ("not_a_point", "an element of metricData is not an object"),
            Self::BadMetricName => ("bad_metric_name", "metricName is not a non-empty string"),
            Self::BadValue => ("bad_value", "value is not a number within the range of a double"),
            Self::BadTimestamp => {
                ("bad_timestamp", "timestamp is not a time within the years 1970 to 9999")
            }
            Self::BadStep => ("bad_step", "step is not an integer within 64 bits"),
        }
    }
}
