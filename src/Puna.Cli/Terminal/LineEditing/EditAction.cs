namespace Puna.Cli.Terminal.LineEditing;

/// <summary>What a key asks of the editor.</summary>
internal enum EditAction
{
    /// <summary>Nothing (yet).</summary>
    None,

    /// <summary>Text at the cursor: a character, or all that was pasted.</summary>
    Insert,

    /// <summary>A line end inside the message.</summary>
    NewLine,

    /// <summary>The message is complete.</summary>
    Submit,

    /// <summary>End of the input on an empty line, else deletes the element behind the cursor.</summary>
    EndOrDelete,

    /// <summary>One element to the left.</summary>
    Left,

    /// <summary>One element to the right.</summary>
    Right,

    /// <summary>One word to the left.</summary>
    WordLeft,

    /// <summary>One word to the right.</summary>
    WordRight,

    /// <summary>To the beginning of the line.</summary>
    Home,

    /// <summary>To the end of the line.</summary>
    End,

    /// <summary>To the line above, else to the entry before.</summary>
    Up,

    /// <summary>To the line below, else to the next entry.</summary>
    Down,

    /// <summary>Deletes the element before the cursor.</summary>
    DeleteBack,

    /// <summary>Deletes the element behind the cursor.</summary>
    DeleteForward,

    /// <summary>Cuts to the beginning of the line.</summary>
    KillToStart,

    /// <summary>Cuts to the end of the line.</summary>
    KillToEnd,

    /// <summary>Cuts the word before the cursor.</summary>
    KillWord,

    /// <summary>Puts back what was cut.</summary>
    Yank,

    /// <summary>Clears the screen; the text stays.</summary>
    ClearScreen,
}
