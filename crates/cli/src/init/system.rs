//! Which system of the catalogue a host is, by what it says of its GPUs.

use rackwright_planner::catalogue;

/// What a host says of its GPUs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gpus {
    /// Product or type: `NVIDIA-B200`, `b200`.
    pub product: String,
    /// How many; none where the source does not say it.
    pub count: Option<u8>,
    /// The machine, as its firmware names it: `DGXB200`.
    pub machine: Option<String>,
}

/// The systems that fit, by name; the likeliest first.
pub fn candidates(gpus: &Gpus) -> Vec<&'static str> {
    let product = plain(&gpus.product);
    let fits = |system: &&catalogue::System| {
        gpus.count.is_none_or(|count| count == system.gpus.value) && is_gpu(&product, &system.gpu.value)
    };
    let found = catalogue::systems().iter().filter(|(_, system)| fits(system));
    let mut found: Vec<&str> = found.map(|(name, _)| name.as_str()).collect();
    // The maker's own machine, unless the firmware says that it is another's.
    let machine = gpus.machine.as_deref().map(str::to_lowercase);
    let is_dgx = machine.is_none_or(|machine| machine.contains("dgx"));
    found.sort_by_key(|name| (name.starts_with("dgx-") != is_dgx, *name));
    found
}

/// Whether a product or a type is this GPU of the catalogue.
fn is_gpu(product: &str, gpu: &str) -> bool {
    let known = catalogue::gpu(gpu).and_then(|gpu| gpu.product.as_ref());
    let known = known.map(|product| plain(&product.value));
    let short = gpu.split('-').next().unwrap_or(gpu);
    known.is_some_and(|known| known == product) || short == product
}

/// Letters and digits only: labels write dashes where the product has spaces.
fn plain(text: &str) -> String {
    let letters = text.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
}

/// The likeliest system, and what to say where others fit too: of those the user may have said which.
pub fn guess(gpus: &Gpus, said: Option<&str>) -> (Option<String>, Option<String>) {
    let found = candidates(gpus);
    let Some((first, others)) = found.split_first() else {
        return (None, None);
    };
    let sure =
        others.is_empty() || (gpus.machine.is_some() && others.iter().all(|other| other[..3] != first[..3]));
    if let Some(said) = said.filter(|said| !sure && found.contains(said)) {
        return (Some(said.to_owned()), None);
    }
    let told = (!sure).then(|| {
        format!(
            "whether hosts with GPU {:?} are {first}, which is assumed, or {}: power and memory differ; --system says it",
            gpus.product,
            others.join(", ")
        )
    });
    (Some((*first).to_owned()), told)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gpus(product: &str, count: u8, machine: Option<&str>) -> Gpus {
        Gpus {
            product: product.to_owned(),
            count: Some(count),
            machine: machine.map(str::to_owned),
        }
    }

    #[test]
    fn labels_and_types_name_the_system() {
        assert_eq!(
            guess(&gpus("NVIDIA-B200", 8, Some("DGXB200")), Some("hgx-b200")),
            (Some("dgx-b200".to_owned()), None)
        );
        assert_eq!(
            guess(&gpus("NVIDIA-B200", 8, Some("PowerEdge-XE9680")), None),
            (Some("hgx-b200".to_owned()), None)
        );
        let (system, told) = guess(&gpus("b200", 8, None), None);
        assert_eq!(system.as_deref(), Some("dgx-b200"));
        assert!(told.unwrap().contains("hgx-b200"));
        // Who was asked has said it: it is neither asked nor assumed again. What does not fit is not taken.
        assert_eq!(
            guess(&gpus("b200", 8, None), Some("hgx-b200")),
            (Some("hgx-b200".to_owned()), None)
        );
        assert!(guess(&gpus("b200", 8, None), Some("dgx-h100")).1.is_some());
        assert_eq!(
            guess(&gpus("gb200", 4, None), None),
            (Some("gb200-nvl72".to_owned()), None)
        );
        assert_eq!(guess(&gpus("v100", 8, None), None), (None, None));
        // One of two sizes of memory: said, not hidden.
        assert!(
            guess(&gpus("a100", 8, Some("DGXA100")), None)
                .1
                .unwrap()
                .contains("dgx-a100-80gb")
        );
    }
}
