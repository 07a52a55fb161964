//! The differences of two nodes' facts.

use rackwright_api::{DeviceConsent, Facts, Rail};

use super::difference::{Differences, Pair, by_key, present, take_apart};
use super::table;

/// What differs between the facts of one node; absent facts are compared as facts without any field.
pub(super) fn facts(out: &mut Differences, pair: Pair<'_, Facts>) {
    take_apart!(pair => Facts { imex_peers, rack, rails, wipe_consents });
    out.field(&table::FACTS_IMEX_PEERS, &[], present(imex_peers));
    out.field(&table::FACTS_RACK, &[], present(rack));
    for (key, pair) in by_key(rails, |rail| rail.rail) {
        let key = key.to_string();
        let keys = [key.as_str()];
        if out.both(&table::FACTS_RAIL, &keys, pair) {
            take_apart!(pair => Rail { guid, ipv4; rail });
            out.field(&table::FACTS_GUID, &keys, present(guid));
            out.field(&table::FACTS_IPV4, &keys, present(ipv4));
        }
    }
    for (key, pair) in by_key(wipe_consents, |consent| consent.serial.as_str()) {
        let keys = [key];
        if out.both(&table::FACTS_CONSENT, &keys, pair) {
            take_apart!(pair => DeviceConsent { signature, tier; serial });
            out.field(&table::FACTS_CONSENT_SIGNATURE, &keys, signature);
            out.field(&table::FACTS_CONSENT_TIER, &keys, tier);
        }
    }
}

/// Consents of which nobody knows whether the host has used them: each as one that is new, once.
pub(super) fn consents(out: &mut Differences, consents: &[DeviceConsent]) {
    for consent in consents {
        let keys = [consent.serial.as_str()];
        let path = table::FACTS_CONSENT.at(&keys);
        if out.0.iter().all(|known| known.path != path) {
            out.field(&table::FACTS_CONSENT, &keys, (None, Some(consent)));
        }
    }
}
