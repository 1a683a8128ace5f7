namespace Puna.Cli.Terminal.LineEditing;

/// <summary>A text that is being edited, with its cursor. Knows no terminal. Lines end with \n.</summary>
internal sealed class LineBuffer
{
    private string _killed = "";

    /// <summary>The text.</summary>
    public string Text { get; private set; } = "";

    /// <summary>Index in the text that the cursor stands before.</summary>
    public int Cursor { get; private set; }

    private int LineStart => Cursor == 0 ? 0 : Text.LastIndexOf('\n', Cursor - 1) + 1;

    private int LineEnd => Text.IndexOf('\n', Cursor) is var end and >= 0 ? end : Text.Length;

    /// <summary>Replaces the text; the cursor stands behind it.</summary>
    public void Set(string text) => (Text, Cursor) = (text, text.Length);

    /// <summary>Puts text at the cursor, which then stands behind it.</summary>
    public void Insert(string text)
    {
        Text = Text.Insert(Cursor, text);
        Cursor += text.Length;
    }

    /// <summary>One element to the left.</summary>
    public void MoveLeft() => Cursor = TextElements.Previous(Text, Cursor);

    /// <summary>One element to the right.</summary>
    public void MoveRight() => Cursor = TextElements.Next(Text, Cursor);

    /// <summary>To the beginning of the word before the cursor.</summary>
    public void MoveWordLeft() => Cursor = WordStart();

    /// <summary>Behind the word that follows the cursor.</summary>
    public void MoveWordRight()
    {
        while (Cursor < Text.Length && char.IsWhiteSpace(Text[Cursor]))
        {
            MoveRight();
        }

        while (Cursor < Text.Length && !char.IsWhiteSpace(Text[Cursor]))
        {
            MoveRight();
        }
    }

    /// <summary>To the beginning of the line.</summary>
    public void MoveHome() => Cursor = LineStart;

    /// <summary>To the end of the line.</summary>
    public void MoveEnd() => Cursor = LineEnd;

    /// <summary>To the line above, as near to the same column as it is long; false when there is none.</summary>
    public bool MoveUp()
    {
        var start = LineStart;
        if (start == 0)
        {
            return false;
        }

        var column = Cursor - start;
        Cursor = start - 1;
        MoveToColumn(column);
        return true;
    }

    /// <summary>To the line below, as near to the same column as it is long; false when there is none.</summary>
    public bool MoveDown()
    {
        var end = LineEnd;
        if (end == Text.Length)
        {
            return false;
        }

        var column = Cursor - LineStart;
        Cursor = end + 1;
        MoveToColumn(column);
        return true;
    }

    /// <summary>Deletes the element before the cursor.</summary>
    public void DeleteBack() => Remove(TextElements.Previous(Text, Cursor), Cursor);

    /// <summary>Deletes the element behind the cursor.</summary>
    public void DeleteForward() => Remove(Cursor, TextElements.Next(Text, Cursor));

    /// <summary>Cuts from the beginning of the line to the cursor; at the beginning, the line end before it.</summary>
    public void KillToStart() => Kill(Math.Min(LineStart, Math.Max(Cursor - 1, 0)), Cursor);

    /// <summary>Cuts from the cursor to the end of the line; at the end, the line end.</summary>
    public void KillToEnd() => Kill(Cursor, Math.Min(Text.Length, Math.Max(LineEnd, Cursor + 1)));

    /// <summary>Cuts the word before the cursor, up to white space.</summary>
    public void KillWord() => Kill(WordStart(), Cursor);

    /// <summary>Puts what was cut last at the cursor.</summary>
    public void Yank() => Insert(_killed);

    private int WordStart()
    {
        var index = Cursor;
        while (index > 0 && char.IsWhiteSpace(Text[index - 1]))
        {
            index--;
        }

        while (index > 0 && !char.IsWhiteSpace(Text[index - 1]))
        {
            index--;
        }

        return index;
    }

    private void MoveToColumn(int column)
    {
        var start = LineStart;
        var wanted = Math.Min(LineEnd, start + column);
        Cursor = start;

        // Columns are counted in characters of the text; the cursor goes to the border of an element.
        while (Cursor < wanted && TextElements.Next(Text, Cursor) <= wanted)
        {
            MoveRight();
        }
    }

    private void Kill(int start, int end)
    {
        if (start < end)
        {
            _killed = Text[start..end];
            Remove(start, end);
        }
    }

    private void Remove(int start, int end)
    {
        Text = Text.Remove(start, end - start);
        Cursor = start;
    }
}
