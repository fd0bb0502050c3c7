//! JSON, done for you: `parse` reads a document, `quoted` writes a text. It is not strict yet: what follows the document is not
//! looked at, a raw control character in a text is taken, and any word that Rust reads as a number counts as one.
#![allow(dead_code)] // until there is a `take` that uses all of it

use std::collections::HashMap;
use std::iter::Peekable;
use std::str::Chars;

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    /// As it is written: 17 and 17.0 are different things here.
    Number(String),
    Text(String),
    List(Vec<Value>),
    Object(HashMap<String, Value>),
}

impl Value {
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Object(fields) => fields.get(name),
            _ => None,
        }
    }

    pub fn list(&self) -> Option<&[Value]> {
        match self {
            Value::List(values) => Some(values),
            _ => None,
        }
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Number(written) => written.parse().ok(),
            _ => None,
        }
    }

    /// The number, if it is written without a fraction and an exponent.
    pub fn whole(&self) -> Option<i64> {
        match self {
            Value::Number(written) => written.parse().ok(),
            _ => None,
        }
    }
}

pub fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c < ' ' => format!("\\u{:04x}", c as u32),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

pub fn parse(text: &str) -> Result<Value, String> {
    Reader {
        rest: text.chars().peekable(),
    }
    .value()
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
}

impl Reader<'_> {
    fn next_after_space(&mut self) -> Option<char> {
        while self.rest.next_if(|c| " \t\r\n".contains(*c)).is_some() {}
        self.rest.peek().copied()
    }

    fn take(&mut self, wanted: char) -> Result<(), String> {
        match self.next_after_space() {
            Some(found) if found == wanted => {
                self.rest.next();
                Ok(())
            }
            found => Err(format!("not JSON: {wanted:?} is expected, not {found:?}")),
        }
    }

    fn value(&mut self) -> Result<Value, String> {
        match self.next_after_space() {
            Some('{') => self.object(),
            Some('[') => self.list(),
            Some('"') => self.string().map(Value::Text),
            _ => self.word(),
        }
    }

    fn object(&mut self) -> Result<Value, String> {
        let mut fields = HashMap::new();
        self.take('{')?;
        while self.next_after_space() != Some('}') {
            if !fields.is_empty() {
                self.take(',')?;
                self.next_after_space();
            }
            let name = self.string()?;
            self.take(':')?;
            fields.insert(name, self.value()?);
        }
        self.take('}')?;
        Ok(Value::Object(fields))
    }

    fn list(&mut self) -> Result<Value, String> {
        let mut values = Vec::new();
        self.take('[')?;
        while self.next_after_space() != Some(']') {
            if !values.is_empty() {
                self.take(',')?;
            }
            values.push(self.value()?);
        }
        self.take(']')?;
        Ok(Value::List(values))
    }

    fn word(&mut self) -> Result<Value, String> {
        let mut word = String::new();
        while let Some(c) = self
            .rest
            .next_if(|c| c.is_ascii_alphanumeric() || "+-.".contains(*c))
        {
            word.push(c);
        }
        match word.as_str() {
            "null" => Ok(Value::Null),
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            number => match number.parse::<f64>() {
                Ok(_) => Ok(Value::Number(word)),
                Err(_) => Err(format!("not JSON: {word:?}")),
            },
        }
    }

    fn string(&mut self) -> Result<String, String> {
        self.take('"')?;
        let mut text = String::new();
        loop {
            match self.rest.next() {
                Some('"') => return Ok(text),
                Some('\\') => text.push(self.escaped()?),
                Some(c) => text.push(c),
                None => return Err("not JSON: a text does not end".to_string()),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, String> {
        match self.rest.next() {
            Some('n') => Ok('\n'),
            Some('t') => Ok('\t'),
            Some('r') => Ok('\r'),
            Some('b') => Ok('\u{8}'),
            Some('f') => Ok('\u{c}'),
            Some('u') => {
                let first = self.code_unit()?;
                // Characters beyond the first 65,536 are written as two units.
                if !(0xd800..0xdc00).contains(&first) {
                    return Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                self.rest.next();
                self.rest.next();
                let second = self.code_unit()?;
                let code = 0x10000 + ((first - 0xd800) << 10) + (second & 0x3ff);
                Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
            }
            Some(c) => Ok(c),
            None => Err("not JSON: a text does not end".to_string()),
        }
    }

    fn code_unit(&mut self) -> Result<u32, String> {
        let digits: String = self.rest.by_ref().take(4).collect();
        u32::from_str_radix(&digits, 16).map_err(|_| format!("not JSON: \\u{digits}"))
    }
}
