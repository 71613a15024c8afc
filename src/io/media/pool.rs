//! Binds the socket pairs ahead of use.
//!
//! **Invariants.** A pair is an even RTP port and the odd one after it on one address; ports are drawn at random
//! from the whole range, so that they cannot be guessed; IPv6 sockets carry no IPv4.
//! **Not here.** Who uses which slot (`media::port_pool`).
//! **Source.** RFC 3550 §11; interoperability rule 9.

use std::io;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;
use std::net::UdpSocket;

use socket2::Domain;
use socket2::Protocol;
use socket2::Socket;
use socket2::Type;

use crate::base::random::Random;
use crate::io::media::socket::set_traffic_class_v6;
use crate::media::port_pool::BoundSlot;
use crate::media::port_pool::Family;

/// Bytes that wait in a socket: 100 packets of G.711 and their bookkeeping, so that a pause of the thread loses none.
const RECEIVE_BYTES: usize = 128 * 1024;
/// Expedited forwarding (DSCP 46). Source: RFC 3246, RFC 4594 §4.1.
const TRAFFIC_CLASS: u32 = 46 << 2;

/// Where sockets are bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolConfig {
    /// Our IPv4 address and how many pairs to bind on it.
    pub ipv4: Option<(Ipv4Addr, u32)>,
    /// Our IPv6 address and how many pairs to bind on it.
    pub ipv6: Option<(Ipv6Addr, u32)>,
    /// Lowest port, 1024 or more.
    pub port_first: u16,
    /// Highest port.
    pub port_last: u16,
}

/// Why the pool could not be bound.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// The range has too few free pairs.
    #[error("only {bound} of {wanted} port pairs could be bound on {address} in {first}..{last}: {source}")]
    Ports {
        /// The address.
        address: IpAddr,
        /// Pairs bound.
        bound: u32,
        /// Pairs wanted.
        wanted: u32,
        /// Lowest port.
        first: u16,
        /// Highest port.
        last: u16,
        /// The last refusal.
        source: io::Error,
    },
}

/// The sockets of one slot.
#[derive(Debug)]
pub struct SocketPair {
    /// The even port.
    pub rtp: UdpSocket,
    /// The odd port.
    pub rtcp: UdpSocket,
}

/// Binds all pairs; the place in the first list is the slot.
///
/// # Errors
/// [`PoolError::Ports`] when fewer pairs than asked for are free.
pub fn bind(
    config: &PoolConfig,
    random: &mut Random,
) -> Result<(Vec<SocketPair>, Vec<BoundSlot>), PoolError> {
    let (mut pairs, mut slots) = (Vec::new(), Vec::new());
    let v4 = config.ipv4.map(|(address, count)| (IpAddr::V4(address), count));
    let v6 = config.ipv6.map(|(address, count)| (IpAddr::V6(address), count));
    for (address, wanted) in v4.into_iter().chain(v6) {
        bind_on(config, address, wanted, random, (&mut pairs, &mut slots))?;
    }
    Ok((pairs, slots))
}

fn bind_on(
    config: &PoolConfig,
    address: IpAddr,
    wanted: u32,
    random: &mut Random,
    (pairs, slots): (&mut Vec<SocketPair>, &mut Vec<BoundSlot>),
) -> Result<(), PoolError> {
    let (first, last) = (config.port_first, config.port_last);
    let mut ports = even_ports(first, last, random).into_iter();
    let mut refusal = io::Error::from(io::ErrorKind::AddrInUse);
    let mut bound = 0;
    while bound < wanted {
        let Some(rtp_port) = ports.next() else {
            return Err(PoolError::Ports {
                address,
                bound,
                wanted,
                first,
                last,
                source: refusal,
            });
        };
        match bind_pair(address, rtp_port) {
            Ok(pair) => {
                let slot = u32::try_from(pairs.len()).unwrap_or(u32::MAX);
                pairs.push(pair);
                slots.push(BoundSlot {
                    slot,
                    family: Family::of(address),
                    rtp_port,
                });
                bound += 1;
            }
            Err(error) => {
                let is_taken = error.kind() == io::ErrorKind::AddrInUse;
                refusal = error;
                if !is_taken {
                    return Err(PoolError::Ports {
                        address,
                        bound,
                        wanted,
                        first,
                        last,
                        source: refusal,
                    });
                }
            }
        }
    }
    Ok(())
}

/// The even ports whose odd neighbour is in the range too, shuffled.
fn even_ports(first: u16, last: u16, random: &mut Random) -> Vec<u16> {
    let mut ports: Vec<u16> = (first..last).filter(|port| port % 2 == 0).collect();
    for at in (1..ports.len()).rev() {
        let other = usize::try_from(random.next_u32()).unwrap_or(0) % (at + 1);
        ports.swap(at, other);
    }
    ports
}

fn bind_pair(address: IpAddr, rtp_port: u16) -> io::Result<SocketPair> {
    Ok(SocketPair {
        rtp: bind_one(address, rtp_port)?,
        rtcp: bind_one(address, rtp_port + 1)?,
    })
}

fn bind_one(address: IpAddr, port: u16) -> io::Result<UdpSocket> {
    let socket = Socket::new(
        Domain::for_address(SocketAddr::new(address, port)),
        Type::DGRAM,
        Some(Protocol::UDP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
        set_traffic_class_v6(&socket, TRAFFIC_CLASS)?;
    } else {
        socket.set_tos_v4(TRAFFIC_CLASS)?;
    }
    socket.set_recv_buffer_size(RECEIVE_BYTES)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::new(address, port).into())?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(v4: u32, v6: u32) -> PoolConfig {
        PoolConfig {
            ipv4: Some((Ipv4Addr::LOCALHOST, v4)),
            ipv6: (0 < v6).then_some((Ipv6Addr::LOCALHOST, v6)),
            port_first: 42_000,
            port_last: 42_199,
        }
    }

    #[test]
    fn pairs_are_even_and_odd_on_both_families_and_drawn_at_random() {
        let (pairs, slots) = bind(&config(20, 10), &mut Random::from_number(1)).unwrap();
        assert_eq!((pairs.len(), slots.len()), (30, 30));
        for (pair, slot) in pairs.iter().zip(&slots) {
            let (rtp, rtcp) = (pair.rtp.local_addr().unwrap(), pair.rtcp.local_addr().unwrap());
            assert_eq!((rtp.port(), rtcp.port()), (slot.rtp_port, slot.rtp_port + 1));
            assert_eq!(slot.rtp_port % 2, 0);
            assert_eq!(Family::of(rtp.ip()), slot.family);
        }
        assert!(!slots.is_sorted_by_key(|slot| slot.rtp_port));
    }

    #[test]
    fn a_range_that_is_too_small_is_said_in_words() {
        let small = PoolConfig {
            port_first: 42_300,
            port_last: 42_303,
            ..config(3, 0)
        };
        let error = bind(&small, &mut Random::from_number(1)).unwrap_err().to_string();
        assert!(
            error.starts_with("only 2 of 3 port pairs could be bound on 127.0.0.1 in 42300..42303"),
            "{error}"
        );
    }
}
