using System.Globalization;
using Puna.Cli.Terminal.LineEditing;

namespace Puna.EndToEnd.Tests.LineEditing;

/// <summary>
/// A terminal of a few lines: carriage return, line feed, cursor up and right, erasing to the end, clearing. A row that is
/// written over its end is a fault, as terminals differ in what they do then. Wide characters fill two cells.
/// </summary>
internal sealed class FakeScreen(int columns) : StringWriter(CultureInfo.InvariantCulture)
{
    private const string Right = "";
    private List<List<string>> _rows =
    [
        [],
    ];

    /// <summary>Row of the cursor.</summary>
    public int Row { get; private set; }

    /// <summary>Column of the cursor.</summary>
    public int Column { get; private set; }

    /// <summary>The rows as they can be read, without blanks at their ends.</summary>
    public IEnumerable<string> Lines => _rows.Select(row => string.Concat(row).TrimEnd());

    /// <summary>The screen as it is now.</summary>
    public FakeScreen Copy() =>
        new(columns)
        {
            _rows = [.. _rows.Select(row => row.ToList())],
            Row = Row,
            Column = Column,
        };

    /// <inheritdoc/>
    public override void Write(string? value)
    {
        var text = value!;
        for (var index = 0; index < text.Length; )
        {
            if (text[index] == '\e')
            {
                var end = index + 2;
                while (!char.IsLetter(text[end]))
                {
                    end++;
                }

                Obey(text[(index + 2)..end], text[end]);
                index = end + 1;
                continue;
            }

            // A carriage return before a line feed is an element together with it.
            var next = text[index] == '\r' ? index + 1 : TextElements.Next(text, index);
            Put(text[index..next]);
            index = next;
        }
    }

    private void Obey(string argument, char command)
    {
        var count = int.TryParse(argument, CultureInfo.InvariantCulture, out var number)
            ? number
            : 1;
        switch (command)
        {
            case 'A':
                Row -= count;
                Assert.True(Row >= 0, "The cursor went above the first row.");
                break;
            case 'C':
                Column += count;
                break;
            case 'J' when argument == "":
                _rows.RemoveRange(Row + 1, _rows.Count - Row - 1);
                _rows[Row].RemoveRange(Column, Math.Max(0, _rows[Row].Count - Column));
                break;
            case 'J' when argument == "2":
                _rows.Clear();
                _rows.Add([]);
                break;
            case 'H':
                (Row, Column) = (0, 0);
                break;
            case 'h' or 'l':
                Assert.Equal("?2004", argument);
                break;
            default:
                Assert.Fail($"ESC [ {argument} {command} is not known.");
                break;
        }
    }

    private void Put(string element)
    {
        if (element == "\r")
        {
            Column = 0;
            return;
        }

        if (element == "\n")
        {
            Row++;
            if (Row == _rows.Count)
            {
                _rows.Add([]);
            }

            return;
        }

        var width = TextElements.Width(element);
        Assert.True(Column + width < columns, $"'{element}' reaches the last column.");
        var row = _rows[Row];
        while (row.Count < Column + width)
        {
            row.Add(" ");
        }

        row[Column] = element;
        if (width == 2)
        {
            row[Column + 1] = Right;
        }

        Column += width;
    }
}
