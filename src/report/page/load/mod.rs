pub(super) fn story(
    _: &crate::report::page::RunFolder,
    _: &crate::report::page::Summary,
) -> Result<crate::report::page::Story, crate::report::page::StoreError> {
    Ok(crate::report::page::Story::default())
}
