//! How a file, its bases and its overrides become one tree.

use super::shape::{Form, Rest, Shape, Shapes};
use super::tree::{Node, What};

/// Takes out what `false` switches off: optional values, and entries of tables of named things.
///
/// TOML has no null, so without this a file could add to its base but never take away.
pub(crate) fn switch_off(node: &mut Node, shape: &Shape, shapes: &Shapes) {
    match &mut node.what {
        What::Table(table) => {
            let form = &shapes.resolve(shape).form;
            table.retain(|key, entry| {
                let Some(child) = shapes.child(shape, key) else { return true };
                let named = matches!(form, Form::Table { keys, rest: Rest::Named(_), .. }
                    if !keys.contains_key(key) && !matches!(shapes.resolve(child).form, Form::Truth | Form::Any));
                let off = matches!(entry.node.what, What::Truth(false))
                    && (named || shapes.can_be_switched_off(child));
                if !off {
                    switch_off(&mut entry.node, child, shapes);
                }
                !off
            });
        }
        What::List(items) => {
            for (i, item) in items.iter_mut().enumerate() {
                if let Some(child) = shapes.child(shape, &i.to_string()) {
                    switch_off(item, child, shapes);
                }
            }
        }
        _ => {}
    }
}

/// Puts `over` on top of `under`: tables are joined key by key, all else is replaced.
///
/// A table that names a variant holds one entry, so another variant takes the place of the first.
pub(crate) fn lay(under: &mut Node, over: Node, shape: Option<&Shape>, shapes: &Shapes) {
    let (What::Table(below), What::Table(above)) = (&mut under.what, &over.what) else {
        *under = over;
        return;
    };
    let variant = shape.is_some_and(|shape| shapes.is_variant(shape));
    if variant && above.keys().any(|key| !below.contains_key(key)) {
        *under = over;
        return;
    }
    let What::Table(above) = over.what else { return };
    for (key, entry) in above {
        let child = shape.and_then(|shape| shapes.child(shape, &key));
        match below.get_mut(&key) {
            Some(old) => {
                old.key_at = entry.key_at;
                lay(&mut old.node, entry.node, child, shapes);
            }
            None => {
                below.insert(key, entry);
            }
        }
    }
    under.at = over.at;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tree::tests::tree;
    use super::*;

    /// `rule` names a variant, `named` is a table of the user's own names, `maybe` may be absent.
    fn shapes() -> Shapes {
        let number = json!({ "type": "number" });
        let arm = |name: &str| {
            json!({
                "type": "object", "required": [name], "properties": { name: {
                    "type": "object", "properties": { "x": number, "y": number }
                } }
            })
        };
        Shapes::read(&json!({
            "type": "object",
            "properties": {
                "rule": { "$ref": "#/$defs/Rule" },
                "named": { "type": "object", "additionalProperties": number },
                "maybe": { "anyOf": [{ "type": "object" }, { "type": "null" }] },
                "flag": { "type": ["boolean", "null"] },
                "list": { "type": "array" }
            },
            "$defs": { "Rule": { "oneOf": [arm("a"), arm("b")] } }
        }))
    }

    fn laid(under: &str, over: &str) -> String {
        let shapes = shapes();
        let mut node = tree(under);
        lay(&mut node, tree(over), Some(&shapes.root), &shapes);
        switch_off(&mut node, &shapes.root, &shapes);
        toml::to_string(&node.to_value()).unwrap()
    }

    #[test]
    fn tables_are_joined_and_all_else_is_replaced() {
        assert_eq!(laid("named.p = 1\nnamed.q = 2", "named.q = 3"), "[named]\np = 1\nq = 3\n");
        assert_eq!(laid("list = [1, 2]", "list = [3]"), "list = [3]\n");
        assert_eq!(laid("list = [1]", "list.a = 1"), "[list]\na = 1\n");
        assert_eq!(laid("", "maybe.a = 1"), "[maybe]\na = 1\n");
    }

    #[test]
    fn another_variant_replaces_and_the_same_one_is_joined() {
        assert_eq!(laid("rule.a.x = 1", "rule.b.y = 2"), "[rule.b]\ny = 2\n");
        assert_eq!(laid("rule.a.x = 1", "rule.a.y = 2"), "[rule.a]\nx = 1\ny = 2\n");
        assert_eq!(laid("rule.a.x = 1", "rule = {}"), "[rule.a]\nx = 1\n");
        // Two at once stay two, so that the file that names both is blamed.
        assert!(laid("rule.a.x = 1", "rule.a.x = 2\nrule.b.y = 2").contains("[rule.b]"));
    }

    #[test]
    fn false_switches_off_what_may_be_absent() {
        assert_eq!(laid("maybe.a = 1", "maybe = false"), "");
        assert_eq!(laid("named.p = 1\nnamed.q = 2", "named.q = false"), "[named]\np = 1\n");
        assert_eq!(laid("flag = true", "flag = false"), "flag = false\n");
        assert_eq!(laid("rule.a.x = 1", "rule = false"), "rule = false\n");
    }
}
