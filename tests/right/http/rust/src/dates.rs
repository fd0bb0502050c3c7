//! Dates of HTTP (RFC 9110, 5.6.7), in seconds since 1970.

use std::time::{SystemTime, UNIX_EPOCH};

const DAYS: [&str; 7] = [
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
]; // 1970 began on the first
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const DAY_S: i64 = 86_400;

pub fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs() as i64)
}

fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

fn days_in(year: i64, month: usize) -> i64 {
    match month {
        1 => 28 + i64::from(is_leap(year)),
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    }
}

/// Days from the beginning of 1970 to that of a year.
fn days_before(year: i64) -> i64 {
    let leaps = |year: i64| year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    (year - 1970) * 365 + leaps(year - 1) - leaps(1969)
}

pub fn written(seconds: i64) -> String {
    let (days, second) = (seconds.div_euclid(DAY_S), seconds.rem_euclid(DAY_S));
    let mut year = 1970 + days.div_euclid(366);
    while days_before(year + 1) <= days {
        year += 1;
    }
    let mut day = days - days_before(year);
    let mut month = 0;
    while day >= days_in(year, month) {
        day -= days_in(year, month);
        month += 1;
    }
    let name = &DAYS[days.rem_euclid(7) as usize][..3];
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!(
        "{name}, {:02} {} {year:04} {hour:02}:{minute:02}:{second:02} GMT",
        day + 1,
        MONTHS[month]
    )
}

/// None for what is no date.
pub fn read(text: &str) -> Option<i64> {
    let words: Vec<&str> = text.split(' ').collect();
    match words[..] {
        [name, day, month, year, time, "GMT"] if is_short_day(name.strip_suffix(',')?) => {
            seconds(digits(year, 4)?, month, digits(day, 2)?, time)
        }
        [name, date, time, "GMT"] if DAYS.contains(&name.strip_suffix(',')?) => {
            let mut parts = date.split('-');
            let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
            if parts.next().is_some() {
                return None;
            }
            seconds(whole_year(digits(year, 2)?), month, digits(day, 2)?, time)
        }
        [name, month, "", day, time, year] if is_short_day(name) => {
            seconds(digits(year, 4)?, month, digits(day, 1)?, time)
        }
        [name, month, day, time, year] if is_short_day(name) => seconds(digits(year, 4)?, month, digits(day, 2)?, time),
        _ => None,
    }
}

fn is_short_day(name: &str) -> bool {
    DAYS.iter().any(|day| &day[..3] == name)
}

fn digits(text: &str, count: usize) -> Option<i64> {
    let is_number = text.len() == count && text.bytes().all(|c| c.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// A year of two digits is not more than 50 years ahead.
fn whole_year(year: i64) -> i64 {
    let mut this = 1970 + now() / (DAY_S * 366);
    while days_before(this + 1) * DAY_S <= now() {
        this += 1;
    }
    let near = this - this % 100 + year;
    near - if near > this + 50 { 100 } else { 0 }
}

fn seconds(year: i64, month: &str, day: i64, time: &str) -> Option<i64> {
    let month = MONTHS.iter().position(|name| *name == month)?;
    let parts: Vec<&str> = time.split(':').collect();
    let [hour, minute, second] = parts[..] else { return None };
    let (hour, minute, second) = (digits(hour, 2)?, digits(minute, 2)?, digits(second, 2)?);
    if !(1..=days_in(year, month)).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let days = days_before(year) + (0..month).map(|month| days_in(year, month)).sum::<i64>() + day - 1;
    Some(days * DAY_S + hour * 3600 + minute * 60 + second)
}
