using System.Text;

namespace Puna.Cli.Terminal.LineEditing;

/// <summary>
/// A text laid out in the rows of a window, with its prompt. The last column stays free, so that no row depends on how a
/// terminal wraps, and the cursor has a place behind each.
/// </summary>
internal sealed class LineLayout
{
    private const string Prompt = "> ";
    private const string Continuation = "  ";
    private const int LeastColumns = 8;
    private readonly List<string> _rows = [];
    private readonly List<int> _widths = [];
    private readonly StringBuilder _row = new(Prompt);
    private readonly int _columns;
    private int _width = Prompt.Length;

    /// <summary>Lays out a text.</summary>
    /// <param name="text">The text; lines end with \n.</param>
    /// <param name="cursor">Index in the text that the cursor stands before.</param>
    /// <param name="columns">Columns of the window.</param>
    public LineLayout(string text, int cursor, int columns)
    {
        _columns = Math.Max(columns, LeastColumns) - 1;
        for (var index = 0; index < text.Length; )
        {
            var next = TextElements.Next(text, index);
            var isLineEnd = text[index] == '\n';
            var shown = isLineEnd ? "" : TextElements.Shown(text.AsSpan(index, next - index));
            var width = Columns(shown);
            if (_width + width > _columns)
            {
                EndRow();
            }

            if (cursor >= index && cursor < next)
            {
                SetCursor();
            }

            if (isLineEnd)
            {
                EndRow();
            }

            _ = _row.Append(shown);
            _width += width;
            index = next;
        }

        if (cursor >= text.Length)
        {
            SetCursor();
        }

        EndRow();
    }

    /// <summary>The rows as they are to be written.</summary>
    public IReadOnlyList<string> Rows => _rows;

    /// <summary>Columns that each row takes.</summary>
    public IReadOnlyList<int> Widths => _widths;

    /// <summary>Row of the cursor, from 0.</summary>
    public int CursorRow { get; private set; }

    /// <summary>Column of the cursor, from 0.</summary>
    public int CursorColumn { get; private set; }

    private static int Columns(string shown)
    {
        var columns = 0;
        for (var index = 0; index < shown.Length; )
        {
            var next = TextElements.Next(shown, index);
            columns += TextElements.Width(shown.AsSpan(index, next - index));
            index = next;
        }

        return columns;
    }

    private void SetCursor() => (CursorRow, CursorColumn) = (_rows.Count, _width);

    private void EndRow()
    {
        _rows.Add(_row.ToString());
        _widths.Add(_width);
        _ = _row.Clear().Append(Continuation);
        _width = Continuation.Length;
    }
}
