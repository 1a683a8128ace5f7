using System.Text;

namespace Puna.Cli.Terminal.LineEditing;

/// <summary>
/// Paints a layout over the one before, with no more than carriage returns, cursor movements and erasing. A text that is
/// taller than the window shows the part around its cursor.
/// </summary>
internal sealed class LinePainter(TextWriter output)
{
    private readonly List<int> _widthsAbove = [];
    private int _column;

    /// <summary>Paints.</summary>
    /// <param name="layout">What is to stand there.</param>
    /// <param name="columns">Columns of the window, which may have changed.</param>
    /// <param name="rows">Rows of the window.</param>
    public void Paint(LineLayout layout, int columns, int rows)
    {
        var height = Math.Max(1, rows - 1);
        var top = Math.Max(0, layout.CursorRow - height + 1);
        var bottom = Math.Min(layout.Rows.Count, top + height);
        var text = Erase(columns);
        _ = text.AppendJoin("\r\n", layout.Rows.Take(top..bottom));
        Move(text, bottom - 1 - layout.CursorRow, 'A');
        _ = text.Append('\r');
        Move(text, layout.CursorColumn, 'C');
        _widthsAbove.AddRange(layout.Widths.Take(top..layout.CursorRow));
        _column = layout.CursorColumn;
        Write(text);
    }

    /// <summary>Paints all rows and goes to a new line, where something else can be written.</summary>
    public void Finish(LineLayout layout, int columns) =>
        Write(Erase(columns).AppendJoin("\r\n", layout.Rows).Append("\r\n"));

    /// <summary>Wipes what was painted; the cursor stands where it began.</summary>
    public void Wipe(int columns) => Write(Erase(columns));

    /// <summary>Clears the whole window; the next painting begins at its top.</summary>
    public void ClearWindow()
    {
        _ = Erase(int.MaxValue);
        Write(new StringBuilder("\e[H\e[2J"));
    }

    // Terminals that lost columns have wrapped the rows that were wider.
    private StringBuilder Erase(int columns)
    {
        var above = _column / columns;
        foreach (var width in _widthsAbove)
        {
            above += Math.Max(1, (int)(((long)width + columns - 1) / columns));
        }

        _widthsAbove.Clear();
        _column = 0;
        var text = new StringBuilder();
        Move(text, above, 'A');
        return text.Append("\r\e[J");
    }

    private static void Move(StringBuilder text, int count, char direction)
    {
        if (count > 0)
        {
            _ = text.Append("\e[").Append(count).Append(direction);
        }
    }

    private void Write(StringBuilder text)
    {
        output.Write(text.ToString());
        output.Flush();
    }
}
