//! Which network addresses are public.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address belongs to the public internet, and so may be called on behalf of somebody who only typed a name.
///
/// Refused are the special-purpose blocks of the IANA registries (RFC 6890 and successors): private, loopback, link-local (with
/// the metadata services of clouds), shared, documentation, benchmarking, multicast and reserved ones. An IPv6 address that
/// carries an IPv4 one (mapped, compatible, NAT64, 6to4, Teredo) is judged by what it may lead to.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127, _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 31, 196)
            | (192, 52, 193)
            | (192, 88, 99)
            | (192, 168, _)
            | (192, 175, 48)
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
            | (224..=255, _, _)
    );
    // 168.63.129.16 is the wire server of one large cloud: public by number, internal by meaning.
    !special && address != Ipv4Addr::new(168, 63, 129, 16)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let last = Ipv4Addr::from((u32::from(segments[6]) << 16) | u32::from(segments[7]));
    match segments {
        // Mapped (::ffff:a.b.c.d) and translated (::ffff:0:a.b.c.d).
        [0, 0, 0, 0, 0, 0xFFFF, ..] | [0, 0, 0, 0, 0xFFFF, 0, ..] => is_public_v4(last),
        // NAT64's well-known prefix leads to the address at its end; its local-use prefix leads anywhere.
        [0x64, 0xFF9B, 0, 0, 0, 0, ..] => is_public_v4(last),
        // Teredo and 6to4 are tunnels: refused as a whole, nobody serves a webhook there.
        [0x2001, 0..=0x1FF, ..] | [0x2002, ..] => false,
        // Documentation.
        [0x2001, 0xDB8, ..] | [0x3FFF, 0..=0xFFF, ..] => false,
        // Only 2000::/3 is given out for global unicast; this leaves ::, ::1, fc00::/7, fe80::/10, ff00::/8, 100::/64, 64:ff9b:1::/48
        // and everything reserved outside.
        [first, ..] => first & 0xE000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().unwrap())
    }

    #[test]
    fn addresses_that_lead_inside_are_refused() {
        for inside in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
            "2001:db8::1",
        ] {
            assert!(!public(inside), "{inside}");
        }
    }

    #[test]
    fn public_addresses_are_allowed() {
        for outside in ["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "193.166.3.2", "2606:4700::1111", "2a00:1450:400f::1", "64:ff9b::101:101"] {
            assert!(public(outside), "{outside}");
        }
    }

    proptest! {
        #[test]
        fn wrapping_an_address_never_makes_it_public(raw: u32) {
            let inner = Ipv4Addr::from(raw);
            let mapped = inner.to_ipv6_mapped();
            prop_assert_eq!(is_public(inner.into()), is_public(mapped.into()));
            let [high, low] = [(raw >> 16) as u16, raw as u16];
            for wrapped in [Ipv6Addr::new(0x64, 0xFF9B, 0, 0, 0, 0, high, low), Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 0), Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low)] {
                prop_assert!(!is_public(wrapped.into()) || is_public(inner.into()));
            }
        }
    }
}
