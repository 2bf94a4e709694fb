//! One tree over bins.

/// The bins that go left.
pub type Mask = [u64; 4];

/// A decision, or a leaf when `left` is zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Node {
    pub feature: u32,
    pub left: u32,
    pub right: u32,
    /// Bins that go left.
    pub mask: Mask,
    /// What the tree says here; for decisions, what it would say if it ended here.
    pub value: f64,
    /// Sum of the training rows' second derivatives (logistic: of p(1−p); squares: the count), the weight of the node.
    pub cover: f64,
}

/// Nodes, the root first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tree {
    pub nodes: Vec<Node>,
}

impl Node {
    /// Whether a bin goes left.
    #[must_use]
    #[inline]
    pub fn goes_left(&self, bin: u8) -> bool {
        self.mask[usize::from(bin >> 6)] >> (bin & 63) & 1 == 1
    }

    /// Whether the tree ends here.
    #[must_use]
    #[inline]
    pub fn is_leaf(&self) -> bool {
        self.left == 0
    }
}

impl Tree {
    /// What the tree says about a row, given its bins by feature.
    #[must_use]
    #[inline]
    pub fn value(&self, bins: &[u8]) -> f64 {
        let mut node = &self.nodes[0];
        while !node.is_leaf() {
            let next = if node.goes_left(bins[node.feature as usize]) { node.left } else { node.right };
            node = &self.nodes[next as usize];
        }
        node.value
    }
}
