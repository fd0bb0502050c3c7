use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs};
use std::ops::RangeInclusive;

use crate::options::digits;

/// One address, and how the user calls it.
pub struct Host {
    pub address: IpAddr,
    pub name: Option<String>,
}

impl Host {
    /// The value of the field "host".
    pub fn label(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.address.to_string())
    }
}

/// A run of addresses of one family. It is never spelled out: a /8 has 16 million.
struct Block {
    addresses: RangeInclusive<IpAddr>,
    name: Option<String>,
}

pub struct Targets(Vec<Block>);

impl Targets {
    pub fn parse(words: &[String]) -> Result<Self, String> {
        words
            .iter()
            .map(|word| parse(word))
            .collect::<Result<_, _>>()
            .map(Targets)
    }

    /// Each host once, under the first target that names it.
    pub fn hosts(&self) -> impl Iterator<Item = Host> + '_ {
        self.0.iter().enumerate().flat_map(|(index, block)| {
            let earlier = &self.0[..index];
            each(&block.addresses)
                .filter(|address| !earlier.iter().any(|block| block.addresses.contains(address)))
                .map(|address| Host {
                    address,
                    name: block.name.clone(),
                })
        })
    }
}

fn each(addresses: &RangeInclusive<IpAddr>) -> Box<dyn Iterator<Item = IpAddr>> {
    match (addresses.start(), addresses.end()) {
        (IpAddr::V4(first), IpAddr::V4(last)) => {
            Box::new((u32::from(*first)..=u32::from(*last)).map(|bits| Ipv4Addr::from(bits).into()))
        }
        (IpAddr::V6(first), IpAddr::V6(last)) => {
            Box::new((u128::from(*first)..=u128::from(*last)).map(|bits| Ipv6Addr::from(bits).into()))
        }
        _ => unreachable!("a block has one family"),
    }
}

fn parse(word: &str) -> Result<Block, String> {
    if let Ok(address) = word.parse::<IpAddr>() {
        return Ok(Block {
            addresses: address..=address,
            name: None,
        });
    }
    if let Some((address, bits)) = word.split_once('/') {
        return cidr(address, bits).ok_or(format!("{word:?} is not a CIDR block"));
    }
    if let Some((first, last)) = word.split_once('-') {
        if let Ok(first) = first.parse() {
            return range(first, last).ok_or(format!("{word:?} is not a range of addresses"));
        }
    }
    resolve(word)
}

fn cidr(address: &str, bits: &str) -> Option<Block> {
    let bits: u32 = digits(bits)?.parse().ok()?;
    let addresses = match address.parse().ok()? {
        IpAddr::V4(address) => {
            // Shifting by all 32 bits, which /0 asks for, is not defined: hence checked_shr.
            let hosts = u32::MAX.checked_shr(bits).unwrap_or(0);
            let network = u32::from(address) & !hosts;
            (bits <= 32).then(|| Ipv4Addr::from(network).into()..=Ipv4Addr::from(network | hosts).into())?
        }
        IpAddr::V6(address) => {
            let hosts = u128::MAX.checked_shr(bits).unwrap_or(0);
            let network = u128::from(address) & !hosts;
            (bits <= 128).then(|| Ipv6Addr::from(network).into()..=Ipv6Addr::from(network | hosts).into())?
        }
    };
    Some(Block { addresses, name: None })
}

fn range(first: Ipv4Addr, last: &str) -> Option<Block> {
    let [a, b, c, from] = first.octets();
    let to: u8 = digits(last)?.parse().ok()?;
    (from <= to).then(|| Block {
        addresses: first.into()..=Ipv4Addr::new(a, b, c, to).into(),
        name: None,
    })
}

fn resolve(name: &str) -> Result<Block, String> {
    // Resolvers take 127.1 for an address. The contract does not, and 192.0.2.256 is no name to ask about.
    if name
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-')
    {
        return Err(format!("{name:?} is neither an address nor a name"));
    }
    let found = (name, 0).to_socket_addrs().ok().and_then(|mut found| found.next());
    let address = found.ok_or(format!("{name:?} does not resolve"))?.ip();
    Ok(Block {
        addresses: address..=address,
        name: Some(name.to_string()),
    })
}
