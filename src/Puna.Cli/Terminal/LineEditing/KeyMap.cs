namespace Puna.Cli.Terminal.LineEditing;

/// <summary>Which action each key has: the customary ones of shells.</summary>
internal static class KeyMap
{
    /// <summary>The action of a key that is no text.</summary>
    public static EditAction Action(ConsoleKeyInfo key) =>
        (key.Modifiers & ~ConsoleModifiers.Shift) switch
        {
            ConsoleModifiers.Control => WithControl(key.Key),
            ConsoleModifiers.Alt => WithAlt(key.Key),
            _ => Plain(key.Key),
        };

    private static EditAction Plain(ConsoleKey key) =>
        key switch
        {
            ConsoleKey.Enter => EditAction.Submit,
            ConsoleKey.LeftArrow => EditAction.Left,
            ConsoleKey.RightArrow => EditAction.Right,
            ConsoleKey.UpArrow => EditAction.Up,
            ConsoleKey.DownArrow => EditAction.Down,
            ConsoleKey.Home => EditAction.Home,
            ConsoleKey.End => EditAction.End,
            ConsoleKey.Backspace => EditAction.DeleteBack,
            ConsoleKey.Delete => EditAction.DeleteForward,
            _ => EditAction.None,
        };

    private static EditAction WithControl(ConsoleKey key) =>
        key switch
        {
            ConsoleKey.A => EditAction.Home,
            ConsoleKey.B => EditAction.Left,
            ConsoleKey.D => EditAction.EndOrDelete,
            ConsoleKey.E => EditAction.End,
            ConsoleKey.F => EditAction.Right,
            ConsoleKey.H => EditAction.DeleteBack,
            ConsoleKey.K => EditAction.KillToEnd,
            ConsoleKey.L => EditAction.ClearScreen,
            ConsoleKey.N => EditAction.Down,
            ConsoleKey.P => EditAction.Up,
            ConsoleKey.U => EditAction.KillToStart,
            ConsoleKey.W or ConsoleKey.Backspace => EditAction.KillWord,
            ConsoleKey.Y => EditAction.Yank,
            ConsoleKey.LeftArrow => EditAction.WordLeft,
            ConsoleKey.RightArrow => EditAction.WordRight,
            ConsoleKey.Enter => EditAction.Submit,
            _ => EditAction.None,
        };

    private static EditAction WithAlt(ConsoleKey key) =>
        key switch
        {
            ConsoleKey.Enter => EditAction.NewLine,
            ConsoleKey.B or ConsoleKey.LeftArrow => EditAction.WordLeft,
            ConsoleKey.F or ConsoleKey.RightArrow => EditAction.WordRight,
            ConsoleKey.Backspace => EditAction.KillWord,
            _ => EditAction.None,
        };
}
