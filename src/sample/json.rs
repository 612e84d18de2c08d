//! A JSON tree whose leaves are text as it will be written, however strange.
//!
//! Owns [`Json`]. Takes raw literals and keys, gives text; does not know whether the text is
//! sound: keys may repeat and be written with escapes, literals may be anything.

use std::borrow::Cow;

use fastrand::Rng;

/// One value.
#[derive(Debug, Clone)]
pub(super) enum Json {
    /// A literal, as it is written.
    Raw(Cow<'static, str>),
    /// Members in writing order; keys go between quotes as they are.
    Object(Vec<(&'static str, Self)>),
    /// Elements.
    Array(Vec<Self>),
}

impl From<&'static str> for Json {
    fn from(text: &'static str) -> Self {
        Self::Raw(Cow::Borrowed(text))
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::Raw(Cow::Owned(text))
    }
}

impl Json {
    /// A string literal; `text` needs no escapes.
    pub(super) fn string(text: &str) -> Self {
        Self::from(["\"", text, "\""].concat())
    }

    /// A string literal of any text.
    pub(super) fn escaped(text: &str) -> Self {
        Self::from(serde_json::Value::from(text).to_string())
    }

    /// The text; indented where `depth` is given.
    pub(super) fn write(&self, out: &mut String, depth: Option<usize>) {
        let deeper = depth.map(|depth| depth + 1);
        match self {
            Self::Raw(text) => out.push_str(text),
            Self::Object(members) => {
                out.push('{');
                for (index, (key, value)) in members.iter().enumerate() {
                    separate(out, index, deeper);
                    out.push('"');
                    out.push_str(key);
                    out.push_str(if depth.is_some() { "\" : " } else { "\":" });
                    value.write(out, deeper);
                }
                separate(out, 0, depth);
                out.push('}');
            }
            Self::Array(elements) => {
                out.push('[');
                for (index, value) in elements.iter().enumerate() {
                    separate(out, index, deeper);
                    value.write(out, deeper);
                }
                separate(out, 0, depth);
                out.push(']');
            }
        }
    }

    /// The text without white space.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, None);
        out
    }

    /// The value of a member; of the last one where the key repeats.
    pub(super) fn get(&mut self, key: &str) -> Option<&mut Self> {
        self.members().iter_mut().rev().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// The elements of an array; none of anything else.
    pub(super) fn elements(&mut self) -> &mut [Self] {
        match self {
            Self::Array(elements) => elements,
            _ => &mut [],
        }
    }

    /// The members of an object.
    pub(super) fn members(&mut self) -> &mut Vec<(&'static str, Self)> {
        match self {
            Self::Object(members) => members,
            _ => unreachable!("only objects are asked for members"),
        }
    }

    /// Replaces a member's value in its place, or appends the member.
    pub(super) fn set(&mut self, key: &'static str, value: impl Into<Self>) {
        match self.get(key) {
            Some(old) => *old = value.into(),
            None => self.members().push((key, value.into())),
        }
    }

    /// Takes every member of that name out.
    pub(super) fn remove(&mut self, key: &str) {
        self.members().retain(|(name, _)| *name != key);
    }

    /// Brings the members of every object below here into another order.
    pub(super) fn shuffle(&mut self, rng: &mut Rng) {
        match self {
            Self::Raw(_) => {}
            Self::Array(elements) => elements.iter_mut().for_each(|value| value.shuffle(rng)),
            Self::Object(members) => {
                members.iter_mut().for_each(|(_, value)| value.shuffle(rng));
                rng.shuffle(members);
            }
        }
    }
}

/// What stands before an element: a comma after the first, a line of its own if indented.
fn separate(out: &mut String, index: usize, depth: Option<usize>) {
    if index > 0 {
        out.push(',');
    }
    if let Some(depth) = depth {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    }
}
