// The components of GOV.UK Frontend that have behaviour and that pages here use.
// Each page works without them.
import { createAll, Button, CharacterCount, Checkboxes, ErrorSummary, PasswordInput, Radios, SkipLink } from 'govuk-frontend'

for (const component of [Button, CharacterCount, Checkboxes, ErrorSummary, PasswordInput, Radios, SkipLink]) createAll(component)
