//! The members of a record that we use: first as they stand, then as texts.
//!
//! Reads leniently: unknown members are passed, the last of a repeated member counts, and a value
//! of another kind than expected is as good as absent.

use super::super::json::{Cursor, NotJson, Value};
use super::{Reason, Text};

const TRIAL_COMPONENT: &str = "AWS::SageMaker::ExperimentTrialComponent";

/// The members that we use, the last of each name, as they stand.
#[derive(Debug, Default)]
pub(super) struct Fields<'a> {
    pub(super) event_id: Field<'a>,
    pub(super) event_time: Field<'a>,
    pub(super) account: Field<'a>,
    pub(super) region: Field<'a>,
    pub(super) request_id: Field<'a>,
    pub(super) source_ip: Field<'a>,
    pub(super) user_agent: Field<'a>,
    pub(super) vpc_endpoint_id: Field<'a>,
    pub(super) event_version: Field<'a>,
    pub(super) error_code: Field<'a>,
    pub(super) error_message: Field<'a>,
    pub(super) identity: Identity<'a>,
    pub(super) addendum: Addendum<'a>,
    pub(super) parameters: Parameters<'a>,
    pub(super) resource: Resource<'a>,
    pub(super) errors: Option<&'a [u8]>,
}

pub(super) type Field<'a> = Option<Value<'a>>;

#[derive(Debug, Default)]
pub(super) struct Identity<'a> {
    pub(super) arn: Field<'a>,
    pub(super) kind: Field<'a>,
    pub(super) account: Field<'a>,
}

#[derive(Debug, Default)]
pub(super) struct Addendum<'a> {
    pub(super) reason: Field<'a>,
    pub(super) original: Field<'a>,
}

#[derive(Debug, Default)]
pub(super) struct Parameters<'a> {
    pub(super) run: Field<'a>,
    pub(super) arn: Field<'a>,
    pub(super) metric_data: Option<&'a [u8]>,
}

#[derive(Debug, Default)]
pub(super) struct Resource<'a> {
    pub(super) arn: Field<'a>,
    pub(super) kind: Field<'a>,
    pub(super) account: Field<'a>,
}

impl<'a> Fields<'a> {
    pub(super) fn of(raw: &'a [u8]) -> Result<Self, NotJson> {
        let mut fields = Self::default();
        Cursor::new(raw).object(|member, cursor| {
            let place = match &*member.name() {
                b"eventID" => &mut fields.event_id,
                b"eventTime" => &mut fields.event_time,
                b"recipientAccountId" => &mut fields.account,
                b"awsRegion" => &mut fields.region,
                b"requestID" => &mut fields.request_id,
                b"sourceIPAddress" => &mut fields.source_ip,
                b"userAgent" => &mut fields.user_agent,
                b"vpcEndpointId" => &mut fields.vpc_endpoint_id,
                b"eventVersion" => &mut fields.event_version,
                b"errorCode" => &mut fields.error_code,
                b"errorMessage" => &mut fields.error_message,
                other => return fields.container(other, cursor),
            };
            *place = Some(cursor.value()?);
            Ok(())
        })?;
        Ok(fields)
    }

    /// A member whose own members we use. Anything that is not of the expected kind is as good as
    /// absent: a string may stand where an object belongs.
    fn container(&mut self, name: &[u8], cursor: &mut Cursor<'a>) -> Result<(), NotJson> {
        match name {
            b"userIdentity" => {
                let [arn, kind, account] = members(cursor, [b"arn", b"type", b"accountId"])?;
                self.identity = Identity { arn, kind, account };
            }
            b"addendum" => {
                let [reason, original] = members(cursor, [b"reason", b"originalEventID"])?;
                self.addendum = Addendum { reason, original };
            }
            b"requestParameters" => {
                let names: [&[u8]; 3] = [b"trialComponentName", b"resourceArn", b"metricData"];
                let [run, arn, metric_data] = members(cursor, names)?;
                self.parameters = Parameters { run, arn, metric_data: array(metric_data) };
            }
            b"responseElements" => {
                let [errors] = members(cursor, [b"errors"])?;
                self.errors = array(errors);
            }
            b"resources" => self.resource = resource(cursor)?,
            _ => drop(cursor.skip()?),
        }
        Ok(())
    }
}

fn array(field: Field<'_>) -> Option<&[u8]> {
    match field {
        Some(Value::Array(raw)) => Some(raw),
        _ => None,
    }
}

/// The last value of each of some members; of a value that is no object, nothing.
pub(super) fn members<'a, const N: usize>(
    cursor: &mut Cursor<'a>,
    names: [&[u8]; N],
) -> Result<[Field<'a>; N], NotJson> {
    let mut values = [const { None }; N];
    if cursor.peek() != Some(b'{') {
        cursor.skip()?;
        return Ok(values);
    }
    cursor.object(|member, cursor| {
        let name = member.name();
        match names.iter().position(|&wanted| wanted == &*name) {
            Some(at) => values[at] = Some(cursor.value()?),
            None => drop(cursor.skip()?),
        }
        Ok(())
    })?;
    Ok(values)
}

/// The resource that is the run: the first of that type, else the first.
fn resource<'a>(cursor: &mut Cursor<'a>) -> Result<Resource<'a>, NotJson> {
    let mut chosen: Option<(bool, Resource<'a>)> = None;
    if cursor.peek() != Some(b'[') {
        cursor.skip()?;
        return Ok(Resource::default());
    }
    cursor.array(|cursor| {
        if cursor.peek() != Some(b'{') {
            return cursor.skip().map(drop);
        }
        let [arn, kind, account] = members(cursor, [b"ARN", b"type", b"accountId"])?;
        let is_run = string(&kind).as_deref() == Some(TRIAL_COMPONENT);
        if chosen.as_ref().is_none_or(|(found, _)| is_run && !found) {
            chosen = Some((is_run, Resource { arn, kind, account }));
        }
        Ok(())
    })?;
    Ok(chosen.map(|(_, resource)| resource).unwrap_or_default())
}

/// The text of a field that is a string; anything else, and text that cannot be Unicode, is none.
pub(super) fn string<'a>(field: &Field<'a>) -> Option<Text<'a>> {
    text(field).unwrap_or(None)
}

/// The text of a field that is a string; anything else is none.
///
/// # Errors
/// [`Reason::BadText`].
pub(super) fn text<'a>(field: &Field<'a>) -> Result<Option<Text<'a>>, Reason> {
    match field {
        Some(Value::String(string)) => string.text().map(Some).map_err(|_| Reason::BadText),
        _ => Ok(None),
    }
}

/// All texts that the call uses.
pub(super) struct Texts<'a> {
    pub(super) event_time: Option<Text<'a>>,
    pub(super) account: Option<Text<'a>>,
    pub(super) region: Option<Text<'a>>,
    pub(super) request_id: Option<Text<'a>>,
    pub(super) source_ip: Option<Text<'a>>,
    pub(super) user_agent: Option<Text<'a>>,
    pub(super) vpc_endpoint_id: Option<Text<'a>>,
    pub(super) event_version: Option<Text<'a>>,
    pub(super) error_code: Option<Text<'a>>,
    pub(super) error_message: Option<Text<'a>>,
    pub(super) principal_arn: Option<Text<'a>>,
    pub(super) principal_type: Option<Text<'a>>,
    pub(super) principal_account_id: Option<Text<'a>>,
    pub(super) resource_arn: Option<Text<'a>>,
    pub(super) resource_type: Option<Text<'a>>,
    pub(super) resource_account_id: Option<Text<'a>>,
    pub(super) run_name: Option<Text<'a>>,
    pub(super) run_arn: Option<Text<'a>>,
    /// The event that this record corrects.
    pub(super) corrects: Option<Text<'a>>,
}

impl<'a> Texts<'a> {
    /// # Errors
    /// [`Reason::BadText`]: one of them cannot be Unicode.
    pub(super) fn of(fields: &Fields<'a>) -> Result<Self, Reason> {
        text(&fields.event_id)?;
        let run_name = text(&fields.parameters.run)?.filter(|name| !name.is_empty());
        // An early client's field: used only where the name is missing.
        let run_arn = if run_name.is_none() { text(&fields.parameters.arn)? } else { None };
        let is_update = text(&fields.addendum.reason)?.as_deref() == Some("UPDATED_DATA");
        let corrects = if is_update { text(&fields.addendum.original)? } else { None };
        Ok(Self {
            event_time: text(&fields.event_time)?,
            account: text(&fields.account)?,
            region: text(&fields.region)?,
            request_id: text(&fields.request_id)?,
            source_ip: text(&fields.source_ip)?,
            user_agent: text(&fields.user_agent)?,
            vpc_endpoint_id: text(&fields.vpc_endpoint_id)?,
            event_version: text(&fields.event_version)?,
            error_code: text(&fields.error_code)?.filter(|code| !code.is_empty()),
            error_message: text(&fields.error_message)?,
            principal_arn: text(&fields.identity.arn)?,
            principal_type: text(&fields.identity.kind)?,
            principal_account_id: text(&fields.identity.account)?,
            resource_arn: text(&fields.resource.arn)?,
            resource_type: text(&fields.resource.kind)?,
            resource_account_id: text(&fields.resource.account)?,
            run_name,
            run_arn,
            corrects: corrects.filter(|original| !original.is_empty()),
        })
    }

    /// The run's name: said, or the last part of an ARN.
    pub(super) fn run(&self) -> Option<Text<'a>> {
        let of_arn = |arn: &Option<Text<'a>>| arn.as_deref().map(last_part).map(str::to_owned);
        let names = [of_arn(&self.run_arn), of_arn(&self.resource_arn)].into_iter().flatten();
        let fallback = names.map(Text::Owned).find(|name| !name.is_empty());
        self.run_name.clone().or(fallback)
    }
}

/// The last part of `arn:…:experiment-trial-component/NAME`.
fn last_part(arn: &str) -> &str {
    arn.rsplit(['/', ':']).next().unwrap_or(arn)
}
