namespace Puna.Cli.Terminal.LineEditing;

/// <summary>A key as the editor understands it.</summary>
/// <param name="Action">What it asks for.</param>
/// <param name="Text">The text of <see cref="EditAction.Insert"/>, else empty.</param>
internal readonly record struct EditKey(EditAction Action, string Text = "");
