namespace Puna.Engine.Tests;

public sealed class PrintableTextTests
{
    [Theory]
    [InlineData("plain, größer, 数字, \U0001F389", "plain, größer, 数字, \U0001F389")]
    [InlineData("a\u001b[31mb", "a\\u001B[31mb")]
    [InlineData("one\ntwo\r\tthree", "one\\ntwo\\r\\tthree")]
    [InlineData(
        "nul\0 bell\a del\u007f next\u0085",
        "nul\\u0000 bell\\u0007 del\\u007F next\\u0085"
    )]
    [InlineData("gpj\u202efdp.exe", "gpj\\u202Efdp.exe")]
    [InlineData("a\u2028b\u2066c\u200ed", "a\\u2028b\\u2066c\\u200Ed")]
    [InlineData("tag\U000E0041", "tag\\U000E0041")]
    [InlineData("\U0001F468\u200d\U0001F469", "\U0001F468\u200d\U0001F469")]
    public void What_could_hide_or_move_text_is_shown_as_its_number(string text, string shown)
    {
        Assert.Equal(shown, PrintableText.Escape(text));
        Assert.Equal(shown, PrintableText.Escape(shown));
    }

    // Apart from the others: the compiler stores no half of a character in an attribute.
    [Fact]
    public void Half_a_character_is_shown_as_its_number() =>
        Assert.Equal("\\uD83C half", PrintableText.Escape("\ud83c half"));
}
