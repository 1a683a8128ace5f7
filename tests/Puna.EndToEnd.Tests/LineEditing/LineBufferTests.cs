using Puna.Cli.Terminal.LineEditing;

namespace Puna.EndToEnd.Tests.LineEditing;

public sealed class LineBufferTests
{
    // A family of three joined pictures, an e with a combining accent, a flag of two letters.
    private const string Family = "\U0001F468\u200D\U0001F469\u200D\U0001F467";
    private const string Accented = "e\u0301";
    private const string Flag = "\U0001F1EB\U0001F1F7";

    [Theory]
    [InlineData("a")]
    [InlineData("\u65E5")]
    [InlineData("\U0001F600")]
    [InlineData(Accented)]
    [InlineData(Family)]
    [InlineData(Flag)]
    public void The_cursor_and_deletion_go_by_whole_characters(string element)
    {
        var buffer = new LineBuffer();
        buffer.Insert($"x{element}y");
        buffer.MoveLeft();
        buffer.MoveLeft();
        Assert.Equal(1, buffer.Cursor);
        buffer.MoveRight();
        Assert.Equal(1 + element.Length, buffer.Cursor);
        buffer.DeleteBack();
        Assert.Equal(("xy", 1), (buffer.Text, buffer.Cursor));
        buffer.Insert(element);
        buffer.MoveLeft();
        buffer.DeleteForward();
        Assert.Equal(("xy", 1), (buffer.Text, buffer.Cursor));
    }

    [Fact]
    public void Ends_of_the_text_are_ends()
    {
        var buffer = new LineBuffer();
        buffer.MoveLeft();
        buffer.MoveRight();
        buffer.DeleteBack();
        buffer.DeleteForward();
        buffer.KillToStart();
        buffer.KillToEnd();
        buffer.KillWord();
        buffer.MoveWordLeft();
        buffer.MoveWordRight();
        buffer.Yank();
        Assert.False(buffer.MoveUp());
        Assert.False(buffer.MoveDown());
        Assert.Equal(("", 0), (buffer.Text, buffer.Cursor));
    }

    [Fact]
    public void Home_and_end_are_those_of_the_line()
    {
        var buffer = new LineBuffer();
        buffer.Insert("one\ntwo\nthree");
        Assert.True(buffer.MoveUp());
        Assert.Equal("one\ntwo".Length, buffer.Cursor);
        buffer.MoveHome();
        Assert.Equal("one\n".Length, buffer.Cursor);
        buffer.MoveEnd();
        Assert.Equal("one\ntwo".Length, buffer.Cursor);
        Assert.True(buffer.MoveUp());
        Assert.Equal("one".Length, buffer.Cursor);
        Assert.False(buffer.MoveUp());
        Assert.True(buffer.MoveDown());
        Assert.True(buffer.MoveDown());
        Assert.Equal("one\ntwo\nthr".Length, buffer.Cursor);
        Assert.False(buffer.MoveDown());
    }

    [Fact]
    public void What_is_cut_can_be_put_back()
    {
        var buffer = new LineBuffer();
        buffer.Insert("one two  three");
        buffer.KillWord();
        Assert.Equal("one two  ", buffer.Text);
        buffer.KillWord();
        Assert.Equal("one ", buffer.Text);
        buffer.MoveHome();
        buffer.Yank();
        Assert.Equal(("two  one ", "two  ".Length), (buffer.Text, buffer.Cursor));
        buffer.KillToEnd();
        Assert.Equal("two  ", buffer.Text);
        buffer.KillToStart();
        Assert.Equal("", buffer.Text);
        buffer.Yank();
        Assert.Equal("two  ", buffer.Text);
    }

    [Fact]
    public void Cutting_at_the_border_of_a_line_joins_it_with_its_neighbour()
    {
        var buffer = new LineBuffer();
        buffer.Insert("one\ntwo");
        buffer.KillToStart();
        Assert.Equal("one\n", buffer.Text);
        buffer.KillToStart();
        Assert.Equal("one", buffer.Text);
        buffer.Insert("\ntwo");
        Assert.True(buffer.MoveUp());
        buffer.MoveEnd();
        buffer.KillToEnd();
        Assert.Equal("onetwo", buffer.Text);
    }

    [Fact]
    public void Words_are_what_stands_between_white_space()
    {
        var buffer = new LineBuffer();
        buffer.Insert("one, two\tthree");
        buffer.MoveWordLeft();
        Assert.Equal("one, two\t".Length, buffer.Cursor);
        buffer.MoveWordLeft();
        Assert.Equal("one, ".Length, buffer.Cursor);
        buffer.MoveWordRight();
        Assert.Equal("one, two".Length, buffer.Cursor);
    }

    [Fact]
    public void The_way_through_the_history_leads_back_to_the_draft()
    {
        var history = new LineHistory();
        Assert.Null(history.Previous("draft"));
        Assert.Null(history.Next());
        history.Add("one");
        history.Add("two");
        history.Add("two");
        history.Add(" ");
        Assert.Equal("two", history.Previous("draft"));
        Assert.Equal("one", history.Previous("two, changed"));
        Assert.Null(history.Previous("one"));
        Assert.Equal("two", history.Next());
        Assert.Equal("draft", history.Next());
        Assert.Null(history.Next());
    }
}
