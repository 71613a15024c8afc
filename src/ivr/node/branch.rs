//! `branch`: goes where the value of a variable leads, without saying or waiting for anything.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use crate::base::ids::NodeId;
use crate::ivr::node::Edge;
use crate::ivr::node::Progress;
use crate::ivr::node::Step;

/// The fields of `branch`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// The variable: one of [`crate::ivr::flow::VARIABLES`].
    pub on: String,
    /// Where each value leads.
    pub cases: BTreeMap<String, NodeId>,
    /// Where every other value leads, and a variable that is not set.
    pub otherwise: NodeId,
}

impl Branch {
    pub(super) fn edges(&self) -> Vec<Edge<'_>> {
        let cases = self.cases.iter().map(|(value, to)| Edge {
            field: format!("cases.{value}"),
            to,
            silent: true,
        });
        let mut edges: Vec<_> = cases.collect();
        edges.push(Edge {
            field: "otherwise".to_owned(),
            to: &self.otherwise,
            silent: true,
        });
        edges
    }

    pub(super) fn enter(&self, progress: &Progress) -> Step {
        let value = progress.variables.get(&self.on);
        let to = value
            .and_then(|value| self.cases.get(value))
            .unwrap_or(&self.otherwise);
        Step::Go(to.clone())
    }
}
