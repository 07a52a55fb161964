//! Limits of services, as drop-ins of their units.

use rackwright_api::{Host, ServiceLimits};

use crate::builder::Builder;

const DROP_IN: &str = "90-rackwright.conf";

pub(crate) fn render(host: &Host, out: &mut Builder) {
    for limits in &host.service_limits {
        let ServiceLimits {
            memlock,
            nofile,
            service,
            stack,
        } = limits;
        let mut body = String::from("[Service]\n");
        for (setting, limit) in [("MEMLOCK", memlock), ("NOFILE", nofile), ("STACK", stack)] {
            if let Some(limit) = limit {
                body.push_str(&format!("Limit{setting}={limit}\n"));
            }
        }
        let field = format!("host.serviceLimits[{service}]");
        out.drop_in(format!("{service}.service"), DROP_IN, &body, &[&field]);
    }
}
