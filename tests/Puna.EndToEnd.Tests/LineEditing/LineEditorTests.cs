using Puna.Cli.Terminal.LineEditing;

namespace Puna.EndToEnd.Tests.LineEditing;

/// <summary>The editor on a screen that can be read: what is entered, what is shown.</summary>
public sealed class LineEditorTests
{
    private const int Columns = 20;
    private const int Rows = 6;

    [Fact]
    public void Typed_text_is_shown_and_entered()
    {
        var (line, screen) = Read([.. Keys.Typed("Hello"), Keys.Enter()]);
        Assert.Equal(new EnteredLine(LineEnd.Entered, "Hello"), line);
        Assert.Equal(["> Hello", ""], screen.Lines);
        Assert.Equal((1, 0), (screen.Row, screen.Column));
    }

    [Fact]
    public void Each_key_does_what_it_does_in_a_shell()
    {
        var (line, _) = Read([
            .. Keys.Typed("bcd"),
            Keys.Special(ConsoleKey.Home),
            .. Keys.Typed("a"),
            Keys.Special(ConsoleKey.End),
            .. Keys.Typed("ef"),
            Keys.Special(ConsoleKey.LeftArrow),
            Keys.Special(ConsoleKey.Delete),
            Keys.Control('a'),
            Keys.Special(ConsoleKey.RightArrow),
            .. Keys.Typed("-"),
            Keys.Control('e'),
            .. Keys.Typed("x\x7F y"),
            Keys.Control('w'),
            .. Keys.Typed("z"),
            Keys.Enter(),
        ]);
        Assert.Equal("a-bcde z", line.Text);
        (line, _) = Read([
            .. Keys.Typed("gone"),
            Keys.Control('u'),
            .. Keys.Typed("kept cut"),
            Keys.Control('w'),
            Keys.Control('a'),
            Keys.Control('y'),
            Keys.Control('k'),
            Keys.Control('d'),
            Keys.Enter(),
        ]);
        Assert.Equal("cut", line.Text);
    }

    [Fact]
    public void A_paste_of_several_lines_is_one_message()
    {
        var (line, screen) = Read([
            .. Keys.Typed("See: "),
            .. Keys.Pasted("one\r\ntwo\rthree\n\t\U0001F600\x01\x7F!"),
            .. Keys.Typed("?"),
            Keys.Enter(),
        ]);
        Assert.Equal("See: one\ntwo\nthree\n\t\U0001F600!?", line.Text);
        Assert.Equal(["> See: one", "  two", "  three", "      \U0001F600!?", ""], screen.Lines);
    }

    [Fact]
    public void What_only_begins_like_a_paste_is_text()
    {
        var (line, _) = Read([
            .. Keys.Typed("\e[20x\e"),
            Keys.Special(ConsoleKey.Home),
            Keys.Enter(),
        ]);
        Assert.Equal("[20x", line.Text);
    }

    [Theory]
    [InlineData("one\\\rtwo\r", "one\ntwo")]
    [InlineData("\"\"\"one\rtwo\\\r\"\"\"\r", "one\ntwo\\")]
    [InlineData("\"\"\"\rone\r\rtwo\r\"\"\" \r", "one\n\ntwo")]
    [InlineData("\"\"\"one\"\"\"\r", "one")]
    [InlineData("\"\"\"\r\"\"\"\r", "")]
    [InlineData("\"one\"\"\"\r", "\"one\"\"\"")]
    public void Lines_are_joined_by_a_backslash_or_quotation_marks(string typed, string entered)
    {
        var (line, _) = Read(Keys.Typed(typed));
        Assert.Equal(new EnteredLine(LineEnd.Entered, entered), line);
    }

    [Fact]
    public void Alt_enter_begins_a_line()
    {
        var (line, _) = Read([
            .. Keys.Typed("one"),
            Keys.Enter(alt: true),
            .. Keys.Typed("two"),
            Keys.Enter(),
        ]);
        Assert.Equal("one\ntwo", line.Text);
    }

    [Fact]
    public void Ctrl_d_ends_the_input_on_an_empty_line_only()
    {
        var (line, screen) = Read([Keys.Control('d')]);
        Assert.Equal(new EnteredLine(LineEnd.EndOfInput, ""), line);
        Assert.Equal([""], screen.Lines);
        (line, _) = Read([.. Keys.Typed("ab"), Keys.Control('d'), Keys.Enter()]);
        Assert.Equal(new EnteredLine(LineEnd.Entered, "ab"), line);
    }

    [Fact]
    public void Wide_characters_take_two_columns_and_long_lines_go_on_below()
    {
        // 17 columns are left in a row, so that the ninth wide character begins the next one.
        var wide = string.Concat(Enumerable.Repeat("\u65E5", 9));
        var (_, screen) = Read([.. Keys.Typed(wide), Keys.Special(ConsoleKey.LeftArrow)]);
        Assert.Equal(["> " + wide[..8], "  " + wide[8..]], screen.Lines);
        Assert.Equal((1, 2), (screen.Row, screen.Column));

        (_, screen) = Read([
            .. Keys.Typed("e\u0301\U0001F468\u200D\U0001F469\u200D\U0001F467\u2764\uFE0F"),
        ]);
        Assert.Equal((0, 2 + 1 + 2 + 2), (screen.Row, screen.Column));
    }

    [Theory]
    [InlineData("a", 1)]
    [InlineData("\u65E5", 2)]
    [InlineData("\uFF21", 2)]
    [InlineData("\uFF71", 1)]
    [InlineData("\uD55C", 2)]
    [InlineData("\u1112\u1161\u11AB", 2)]
    [InlineData("e\u0301\u0323", 1)]
    [InlineData("\u0301", 0)]
    [InlineData("\u200B", 0)]
    [InlineData("\U0001F600", 2)]
    [InlineData("\U0001F44D\U0001F3FD", 2)]
    [InlineData("\u2764", 1)]
    [InlineData("\u2764\uFE0F", 2)]
    [InlineData("1\uFE0F\u20E3", 2)]
    [InlineData("\U0001F1EB\U0001F1F7", 2)]
    public void A_character_has_the_width_that_terminals_give_it(string element, int width)
    {
        Assert.Equal(element.Length, TextElements.Next(element, 0));
        Assert.Equal(width, TextElements.Width(element));
    }

    [Fact]
    public void A_text_taller_than_the_window_shows_the_part_around_the_cursor()
    {
        var (_, screen) = Read(Keys.Pasted("1\n2\n3\n4\n5\n6\n7\n8"));
        Assert.Equal(["  4", "  5", "  6", "  7", "  8"], screen.Lines);
        (_, screen) = Read([
            .. Keys.Pasted("1\n2\n3\n4\n5\n6\n7\n8"),
            .. Enumerable.Repeat(Keys.Special(ConsoleKey.UpArrow), 7),
        ]);
        Assert.Equal(["> 1", "  2", "  3", "  4", "  5"], screen.Lines);
        Assert.Equal((0, 3), (screen.Row, screen.Column));
        var (line, whole) = Read([.. Keys.Pasted("1\n2\n3\n4\n5\n6\n7\n8"), Keys.Enter()]);
        Assert.Equal("1\n2\n3\n4\n5\n6\n7\n8", line.Text);
        Assert.Equal(9, whole.Lines.Count());
    }

    [Fact]
    public void Painting_anew_leaves_nothing_of_before()
    {
        var (_, screen) = Read([
            .. Keys.Typed("a line that takes several rows of this window"),
            Keys.Control('u'),
            .. Keys.Typed("short"),
        ]);
        Assert.Equal(["> short"], screen.Lines);
        (_, screen) = Read([.. Keys.Typed("seen"), Keys.Control('l'), .. Keys.Typed("!")]);
        Assert.Equal(["> seen!"], screen.Lines);
    }

    [Fact]
    public void What_was_entered_or_cleared_comes_back_with_the_arrows()
    {
        using var cancelled = new CancellationTokenSource();
        var screen = new FakeScreen(Columns);
        var keys = new ScriptedKeys([], Columns, Rows) { Exhausted = cancelled.Cancel };
        var editor = new LineEditor(keys, screen);
        keys.Add([.. Keys.Typed("one\rtwo\rcleared")]);
        var none = TestContext.Current.CancellationToken;
        Assert.Equal("one", editor.Read(none).Text);
        Assert.Equal("two", editor.Read(none).Text);
        Assert.Equal(new EnteredLine(LineEnd.Cancelled, "cleared"), editor.Read(cancelled.Token));
        Assert.Equal(["> one", "> two", ""], screen.Lines);
        var up = Keys.Special(ConsoleKey.UpArrow);
        keys.Add([.. Keys.Typed("draft"), up, Keys.Enter()]);
        Assert.Equal("cleared", editor.Read(none).Text);
        keys.Add([up, up, up, .. Keys.Typed("!"), Keys.Enter()]);
        Assert.Equal("one!", editor.Read(none).Text);
    }

    [Fact]
    public void A_window_that_lost_columns_is_painted_anew()
    {
        using var cancelled = new CancellationTokenSource();
        var screen = new FakeScreen(Columns);
        ScriptedKeys keys = null!;
        keys = new ScriptedKeys(Keys.Typed("0123456789abcdefghij"), Columns, Rows)
        {
            Exhausted = () =>
            {
                if (keys.Columns == Columns)
                {
                    // The terminal has wrapped the first row of 19 columns in two.
                    keys.Columns = 12;
                    screen.Write("\r\n");
                }
                else
                {
                    cancelled.Cancel();
                }
            },
        };
        var line = new LineEditor(keys, screen).Read(cancelled.Token);
        Assert.Equal("0123456789abcdefghij", line.Text);
        Assert.Equal((LineEnd.Cancelled, 0), (line.End, screen.Row));
        Assert.Equal([""], screen.Lines);
    }

    private static (EnteredLine Line, FakeScreen Screen) Read(IEnumerable<ConsoleKeyInfo> typed)
    {
        // The screen as it stands behind the last key, before the line is wiped.
        using var cancelled = new CancellationTokenSource();
        var screen = new FakeScreen(Columns);
        FakeScreen? before = null;
        var keys = new ScriptedKeys(typed, Columns, Rows)
        {
            Exhausted = () =>
            {
                before = screen.Copy();
                cancelled.Cancel();
            },
        };
        var line = new LineEditor(keys, screen).Read(cancelled.Token);
        return (line, before ?? screen);
    }
}
