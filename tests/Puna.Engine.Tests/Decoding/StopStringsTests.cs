using System.Text;
using Puna.Engine.Decoding;
using Puna.Kernels.Randomness;

namespace Puna.Engine.Tests.Decoding;

public sealed class StopStringsTests
{
    [Fact]
    public void A_stop_string_across_pieces_cuts_the_text_before_it()
    {
        var stops = new StopStrings(["END"]);
        Assert.Equal("one ", stops.Append("one E").ToString());
        Assert.Equal("", stops.Append("N").ToString());
        Assert.Equal("", stops.Append("D two").ToString());
        Assert.Equal("END", stops.Found);
        Assert.Equal("", stops.Append("three").ToString());
        Assert.Equal("", stops.Flush().ToString());
    }

    [Fact]
    public void Text_that_only_began_like_a_stop_string_is_released()
    {
        var stops = new StopStrings(["END"]);
        Assert.Equal("a", stops.Append("aEN").ToString());
        Assert.Equal("EN", stops.Append("EN").ToString());
        Assert.Equal("ENT", stops.Append("T").ToString());
        Assert.Equal("", stops.Append("E").ToString());
        Assert.Equal("E", stops.Flush().ToString());
        Assert.Equal("", stops.Flush().ToString());
        Assert.Null(stops.Found);
    }

    [Fact]
    public void Prefixes_that_overlap_themselves_are_found()
    {
        var stops = new StopStrings(["aab"]);
        Assert.Equal("a", stops.Append("aaa").ToString());
        Assert.Equal("", stops.Append("b").ToString());
        Assert.Equal("aab", stops.Found);
    }

    [Fact]
    public void The_first_to_be_complete_wins_and_the_longest_where_two_end_together()
    {
        var stops = new StopStrings(["abcd", "bc", "xbc"]);
        Assert.Equal("a", stops.Append("abcd").ToString());
        Assert.Equal("bc", stops.Found);
        stops = new StopStrings(["bc", "xbc"]);
        Assert.Equal("a", stops.Append("axbc").ToString());
        Assert.Equal("xbc", stops.Found);
    }

    [Fact]
    public void Without_stop_strings_pieces_pass_through()
    {
        var stops = new StopStrings([]);
        Assert.Equal("abc", stops.Append("abc").ToString());
        Assert.Equal("", stops.Flush().ToString());
    }

    [Fact]
    public void Any_cutting_into_pieces_gives_the_same_text()
    {
        var random = new PhiloxRandom(4);
        for (var round = 0; round < 2000; round++)
        {
            var text = RandomText(ref random, 40);
            string[] list =
            [
                RandomText(ref random, 1 + (round % 4)),
                RandomText(ref random, 1 + (round % 3)),
            ];
            var whole = Expected(text, list);
            var stops = new StopStrings(list);
            var output = new StringBuilder();
            for (var position = 0; position < text.Length; )
            {
                var length = (int)(random.NextUInt64() % 5);
                length = Math.Min(length, text.Length - position);
                output.Append(stops.Append(text.AsSpan(position, length)));
                position += length;

                // What is out never has to be taken back.
                Assert.StartsWith(output.ToString(), whole);
            }

            output.Append(stops.Flush());
            Assert.Equal(whole, output.ToString());
        }
    }

    [Fact]
    public void Long_texts_allocate_nothing_once_the_buffer_is_there()
    {
        var stops = new StopStrings(["</s>", "<|end|>"]);
        stops.Append("warm < up");
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            stops.Append("text <| text </ text");
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Unusable_stop_strings_are_refused_with_a_sentence()
    {
        Assert.Contains(
            "0 characters",
            Assert.Throws<InputException>(() => new StopStrings([""])).Message
        );
        Assert.Contains(
            "1025 characters",
            Assert.Throws<InputException>(() => new StopStrings([new string('a', 1025)])).Message
        );
        var many = Enumerable.Range(0, 65).Select(i => $"{i}").ToList();
        Assert.Contains(
            "65 stop strings",
            Assert.Throws<InputException>(() => new StopStrings(many)).Message
        );
    }

    private static string Expected(string text, string[] stops)
    {
        for (var end = 1; end <= text.Length; end++)
        {
            var found = stops.Where(stop => text[..end].EndsWith(stop, StringComparison.Ordinal));
            if (found.MaxBy(stop => stop.Length) is { } longest)
            {
                return text[..(end - longest.Length)];
            }
        }

        return text;
    }

    private static string RandomText(ref PhiloxRandom random, int length)
    {
        var text = new char[length];
        foreach (ref var character in text.AsSpan())
        {
            character = (char)('a' + (random.NextUInt64() % 3));
        }

        return new string(text);
    }
}
